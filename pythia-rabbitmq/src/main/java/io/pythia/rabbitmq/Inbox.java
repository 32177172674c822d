package io.pythia.rabbitmq;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries on their way from the client's thread to the engine. The prefetch count bounds it; where there is none, because the broker
 * waits for no acknowledgement, the client's thread waits here and TCP makes the broker wait. Thread-safe.
 */
final class Inbox {
    private final int capacity;
    private final boolean keepsAfterFailure;
    private final Deque<RabbitMQMessage> messages = new ArrayDeque<>();
    private boolean taking;
    private boolean wokenUp;
    private @Nullable BrokerException failure;

    /**
     * Creates one.
     *
     * @param keepsAfterFailure whether what came before the end of the session may still be given out, because the broker has forgotten it
     */
    Inbox(int capacity, boolean keepsAfterFailure) {
        this.capacity = capacity;
        this.keepsAfterFailure = keepsAfterFailure;
    }

    synchronized int size() {
        return messages.size();
    }

    /** Adds a message; waits while there are too many, unless the session has ended. */
    synchronized void put(RabbitMQMessage message) throws InterruptedException {
        while (messages.size() >= capacity && failure == null) {
            wait();
        }
        messages.add(message);
        if (taking) {
            notifyAll();
        }
    }

    /** Takes up to {@code max} messages, waiting for the first. */
    synchronized List<RabbitMQMessage> take(int max, Duration wait) throws InterruptedException {
        awaitMessages(wait.toNanos());
        wokenUp = false;
        if (failure != null && (messages.isEmpty() || !keepsAfterFailure)) {
            throw failure;
        }
        int size = Math.min(max, messages.size());
        List<RabbitMQMessage> batch = new ArrayList<>(size);
        boolean wasFull = messages.size() >= capacity;
        for (int i = 0; i < size; i++) {
            batch.add(Objects.requireNonNull(messages.poll()));
        }
        if (wasFull && size > 0) {
            notifyAll();
        }
        return batch;
    }

    private void awaitMessages(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        taking = true;
        try {
            while (messages.isEmpty() && failure == null && !wokenUp) {
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
        } finally {
            taking = false;
        }
    }

    /** Takes all that was not given out. */
    synchronized List<RabbitMQMessage> clear() {
        List<RabbitMQMessage> all = new ArrayList<>(messages);
        messages.clear();
        notifyAll();
        return all;
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    /** The session is over, for the first reason that was given. */
    synchronized void fail(BrokerException cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }
}
