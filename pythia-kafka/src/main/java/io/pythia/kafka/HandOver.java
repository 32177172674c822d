package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Fetched records on their way from the poll thread to the engine, in chunks of one partition each. The poll thread never waits: when
 * there is too much in here it pauses the partitions. Thread-safe.
 */
final class HandOver {
    /** Records of one poll of one partition, and how many of them were taken. */
    private static final class Chunk {
        final TopicPartition partition;
        final List<Received<KafkaRecord>> records;
        int taken;

        Chunk(TopicPartition partition, List<Received<KafkaRecord>> records) {
            this.partition = partition;
            this.records = records;
        }
    }

    private final OffsetTracker tracker;
    private final Deque<Chunk> chunks = new ArrayDeque<>();
    private volatile int size;
    private volatile long bytes;
    private boolean wokenUp;
    /** Whether there are records, but only of partitions whose window is full. */
    private volatile boolean waitsForRoom;

    private @Nullable BrokerException failure;

    HandOver(OffsetTracker tracker) {
        this.tracker = tracker;
    }

    int size() {
        return size;
    }

    long bytes() {
        return bytes;
    }

    synchronized void put(TopicPartition partition, List<Received<KafkaRecord>> records) {
        if (failure != null) {
            return;
        }
        chunks.add(new Chunk(partition, records));
        size += records.size();
        for (Received<KafkaRecord> each : records) {
            bytes += each.content().size();
        }
        notifyAll();
    }

    /**
     * Takes up to {@code max} records, waiting for the first. The records count as given out from then on. A partition whose window is
     * full is passed over.
     */
    synchronized List<Received<KafkaRecord>> take(int max, Duration wait) throws InterruptedException {
        awaitRecords(wait.toNanos());
        wokenUp = false;
        if (failure != null) {
            throw failure;
        }
        List<Received<KafkaRecord>> batch = new ArrayList<>(Math.min(max, size));
        Set<TopicPartition> passedOver = new HashSet<>();
        for (Iterator<Chunk> i = chunks.iterator(); i.hasNext() && batch.size() < max; ) {
            Chunk chunk = i.next();
            if (passedOver.contains(chunk.partition)) {
                continue; // room may have been made just now, but what is left of an earlier chunk comes first
            }
            bytes -= take(chunk, max - batch.size(), batch);
            if (chunk.taken == chunk.records.size()) {
                i.remove();
            } else {
                passedOver.add(chunk.partition);
            }
        }
        size -= batch.size();
        return batch;
    }

    /** Returns how many bytes were taken. */
    private long take(Chunk chunk, int max, List<Received<KafkaRecord>> batch) {
        long room = Math.min(max, tracker.room(chunk.partition));
        int end = (int) Math.min(chunk.records.size(), chunk.taken + Math.max(0, room));
        List<Received<KafkaRecord>> taken = chunk.records.subList(chunk.taken, end);
        long takenBytes = 0;
        for (Received<KafkaRecord> each : taken) {
            takenBytes += each.content().size();
        }
        batch.addAll(taken);
        chunk.taken = end;
        // Under this lock, so that a revocation sees each record either in here or given out.
        tracker.delivered(taken);
        return takenBytes;
    }

    private void awaitRecords(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        while (!hasRecords() && failure == null && !wokenUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            waitsForRoom = !chunks.isEmpty();
            if (waitsForRoom && hasRecords()) {
                break; // it was made before it could be said that it is waited for
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        waitsForRoom = false;
    }

    private boolean hasRecords() {
        for (Chunk chunk : chunks) {
            if (tracker.room(chunk.partition) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Records were settled. Cheap, unless somebody waits for that. */
    void roomMade() {
        if (waitsForRoom) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    /** The session is over, which is thrown from now on: what was fetched and not given out is another's, all of it would be stale. */
    synchronized void fail(BrokerException cause) {
        failure = cause;
        chunks.clear();
        size = 0;
        bytes = 0;
        notifyAll();
    }

    /** Drops what was fetched of some partitions and not given out. */
    synchronized void drop(Collection<TopicPartition> partitions) {
        Set<TopicPartition> dropped = Set.copyOf(partitions);
        for (Chunk chunk : chunks) {
            if (dropped.contains(chunk.partition)) {
                size -= chunk.records.size() - chunk.taken;
                for (Received<KafkaRecord> each : chunk.records.subList(chunk.taken, chunk.records.size())) {
                    bytes -= each.content().size();
                }
            }
        }
        chunks.removeIf(chunk -> dropped.contains(chunk.partition));
        notifyAll(); // the windows of the others have become larger
    }
}
