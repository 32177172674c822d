package io.pythia.redis;

import io.pythia.BrokerException;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Published messages on their way from the client's thread, which must not wait, to the engine. Bounded by count and bytes; what happens
 * to those beyond is the policy's. Thread-safe.
 */
final class ChannelBuffer {
    private final String name;
    private final int maxMessages;
    private final long maxBytes;
    private final BufferOverflow overflow;
    private final Deque<Received<ChannelMessage>> messages = new ArrayDeque<>();
    private long bytes;
    private long dropped;
    private boolean waiting;
    private boolean wokenUp;
    private @Nullable BrokerException failure;

    ChannelBuffer(String name, int maxMessages, long maxBytes, BufferOverflow overflow) {
        this.name = name;
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
        this.overflow = overflow;
    }

    synchronized int size() {
        return messages.size();
    }

    synchronized void put(ChannelMessage message) {
        if (failure != null) {
            return;
        }
        while (!messages.isEmpty() && (messages.size() >= maxMessages || bytes + message.size() > maxBytes)) {
            if (overflow == BufferOverflow.ERROR) {
                fail(new BrokerException(name + ": " + messages.size()
                        + " messages wait for the application, which is too slow for the channel; raise bufferSize or"
                        + " bufferBytes, or choose another BufferOverflow"));
                return;
            }
            dropped++;
            if (overflow == BufferOverflow.DROP_NEW) {
                return;
            }
            bytes -= messages.removeFirst().content().size();
        }
        messages.add(new Received<>(message, message));
        bytes += message.size();
        if (waiting) {
            notifyAll();
        }
    }

    /** Takes up to so many messages, waiting for the first. What came before a failure is still given. */
    synchronized List<Received<ChannelMessage>> take(int max, Duration wait) throws InterruptedException {
        awaitMessages(wait.toNanos());
        wokenUp = false;
        if (messages.isEmpty()) {
            if (failure != null) {
                throw failure;
            }
            return List.of();
        }
        List<Received<ChannelMessage>> batch = new ArrayList<>(Math.min(max, messages.size()));
        while (batch.size() < max && !messages.isEmpty()) {
            Received<ChannelMessage> next = messages.removeFirst();
            bytes -= next.content().size();
            batch.add(next);
        }
        return batch;
    }

    private void awaitMessages(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        waiting = true;
        while (messages.isEmpty() && failure == null && !wokenUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                break;
            }
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        waiting = false;
    }

    /** Returns how many messages were dropped since this was last asked. */
    synchronized long takeDropped() {
        long count = dropped;
        dropped = 0;
        return count;
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    synchronized void fail(BrokerException cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }
}
