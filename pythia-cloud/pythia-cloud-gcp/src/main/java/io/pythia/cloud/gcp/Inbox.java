package io.pythia.cloud.gcp;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Messages on their way from the client's threads to the engine, and all that are unsettled, for the day when they must be given back. The
 * limits that the stream was opened with bound both. Thread-safe.
 */
final class Inbox {
    private final Deque<PubSubMessage> waiting = new ArrayDeque<>();
    private final Set<PubSubMessage> unsettled = new LinkedHashSet<>();
    private boolean taking;
    private boolean wokenUp;
    private long lapsed;

    synchronized int size() {
        return waiting.size();
    }

    synchronized int unsettled() {
        return unsettled.size();
    }

    /** Returns how many messages were dropped because their lease had ended before anybody took them. */
    synchronized long lapsed() {
        return lapsed;
    }

    synchronized void addAll(List<PubSubMessage> messages) {
        waiting.addAll(messages);
        unsettled.addAll(messages);
        if (taking) {
            notifyAll();
        }
    }

    /**
     * Takes up to {@code max} messages, waiting for the first. What the service has taken back meanwhile is dropped: another consumer may
     * have it.
     */
    synchronized List<PubSubMessage> take(int max, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        List<PubSubMessage> batch = takeNow(max);
        while (batch.isEmpty() && !wokenUp) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                break;
            }
            taking = true;
            wait(left / 1_000_000, (int) (left % 1_000_000));
            taking = false;
            batch = takeNow(max);
        }
        wokenUp = false;
        return batch;
    }

    private List<PubSubMessage> takeNow(int max) {
        List<PubSubMessage> batch = new ArrayList<>(Math.min(max, waiting.size()));
        long now = System.nanoTime();
        while (batch.size() < max) {
            PubSubMessage next = waiting.poll();
            if (next == null) {
                break;
            }
            if (next.leaseLeft(now) > 0) {
                batch.add(next);
            } else {
                unsettled.remove(next);
                lapsed++;
            }
        }
        return batch;
    }

    /** Makes a take that is under way, or else the next one, return. */
    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    /** Forgets messages: they are settled. */
    synchronized void settled(List<PubSubMessage> messages) {
        messages.forEach(unsettled::remove);
    }

    /** Returns what waits. */
    synchronized List<PubSubMessage> waiting() {
        return new ArrayList<>(waiting);
    }

    /** Takes out all that was not given to the engine. */
    synchronized List<PubSubMessage> clearWaiting() {
        List<PubSubMessage> all = new ArrayList<>(waiting);
        waiting.clear();
        all.forEach(unsettled::remove);
        return all;
    }

    /** Takes out all that is unsettled, whoever has it. */
    synchronized List<PubSubMessage> clear() {
        List<PubSubMessage> all = new ArrayList<>(unsettled);
        waiting.clear();
        unsettled.clear();
        return all;
    }
}
