package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes on their way from the thread that reads the log to the engine. The reader never waits: when there is no room it reads no more, and
 * the server waits. Thread-safe.
 */
final class ChangeBuffer {
    private static final long MAX_BYTES = 16L << 20;

    private final int maxChanges;
    private final ArrayDeque<Received<ChangeRecord>> changes = new ArrayDeque<>();
    private long bytes;
    private boolean wokenUp;
    private @Nullable BrokerException failure;

    ChangeBuffer(int maxChanges) {
        this.maxChanges = maxChanges;
    }

    /** Waits for room, so long at most. Returns whether there is some. */
    synchronized boolean awaitRoom(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (!hasRoom()) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return false;
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        return true;
    }

    private boolean hasRoom() {
        return changes.size() < maxChanges && bytes < MAX_BYTES;
    }

    synchronized int size() {
        return changes.size();
    }

    synchronized void put(List<ChangeRecord> records) {
        for (ChangeRecord record : records) {
            changes.add(new Received<>(record, record));
            bytes += record.size();
        }
        notifyAll();
    }

    /** Takes up to {@code max}, waiting for the first. */
    synchronized List<Received<ChangeRecord>> take(int max, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        while (changes.isEmpty() && failure == null && !wokenUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                break;
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        wokenUp = false;
        boolean wasFull = !hasRoom();
        List<Received<ChangeRecord>> batch = new ArrayList<>(Math.min(max, changes.size()));
        while (batch.size() < max && !changes.isEmpty()) {
            Received<ChangeRecord> next = changes.remove();
            bytes -= next.content().size();
            batch.add(next);
        }
        if (wasFull) {
            notifyAll();
        }
        if (batch.isEmpty() && failure != null) {
            throw failure;
        }
        return batch;
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    /** The session is over: thrown when what was read before has been taken. */
    synchronized void fail(BrokerException cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }
}
