package io.pythia.cloud.azure;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Messages on their way from the client's threads to the engine. What was requested of the client bounds it. Thread-safe. */
final class ServiceBusInbox {
    private final Deque<ServiceBusRecord> messages = new ArrayDeque<>();
    private boolean taking;
    private boolean wokenUp;
    private @Nullable BrokerException failure;

    synchronized int size() {
        return messages.size();
    }

    synchronized List<ServiceBusRecord> waiting() {
        return List.copyOf(messages);
    }

    /** Adds a message; returns whether it was taken. One that comes after the end is the caller's to give back. */
    synchronized boolean put(ServiceBusRecord message) {
        if (failure != null) {
            return false;
        }
        messages.add(message);
        if (taking) {
            notifyAll();
        }
        return true;
    }

    /** Takes up to {@code max} messages, waiting for the first. */
    synchronized List<ServiceBusRecord> take(int max, Duration wait) throws InterruptedException {
        awaitMessages(wait.toNanos());
        wokenUp = false;
        if (failure != null) {
            throw failure;
        }
        int size = Math.min(max, messages.size());
        List<ServiceBusRecord> batch = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            batch.add(Objects.requireNonNull(messages.poll()));
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

    synchronized @Nullable BrokerException failure() {
        return failure;
    }
}
