package io.pythia.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/**
 * The messages that were handed to the driver, oldest first, and those that wait to be handed to it again. Confined to the sending
 * thread. All messages have the same time limit, so only the oldest need to be looked at.
 */
final class UnderWay {
    private static final int WORTH_COMPACTING = 1024;

    private record Retry(long dueAt, Sending sending) {}

    private final ArrayDeque<Sending> handedOver = new ArrayDeque<>();
    private final PriorityQueue<Retry> retries = new PriorityQueue<>(Comparator.comparingLong(Retry::dueAt));

    void add(List<Sending> batch) {
        handedOver.addAll(batch);
    }

    void retry(Sending sending, long dueAt) {
        retries.add(new Retry(dueAt, sending));
    }

    /** Moves the retries that are due, at most {@code max}. */
    void takeDue(long now, List<Sending> batch, int max) {
        Retry due = retries.peek();
        while (due != null && due.dueAt - now <= 0 && batch.size() < max) {
            batch.add(retries.remove().sending);
            due = retries.peek();
        }
    }

    /** Forgets what has ended: from the front always, from the middle when that is worth it. */
    void compact(int inFlight) {
        while (!handedOver.isEmpty() && handedOver.peek().isDone()) {
            handedOver.remove();
        }
        if (handedOver.size() > WORTH_COMPACTING && handedOver.size() > 2 * inFlight) {
            handedOver.removeIf(Sending::isDone);
        }
    }

    /** Gives what was sent before that time to the consumer, oldest first. */
    void forEachOlder(long startedBefore, Consumer<Sending> action) {
        for (Sending sending : handedOver) {
            if (sending.startedAt - startedBefore > 0) {
                return;
            }
            action.accept(sending);
        }
    }

    /** Returns all that have not ended; one that is settled ends a moment later, on the client's thread. */
    List<Sending> open() {
        List<Sending> open = new ArrayList<>();
        handedOver.stream().filter(s -> !s.isDone()).forEach(open::add);
        return open;
    }

    /** Returns for how long nothing is due, at most {@code max}. */
    long nanosToNext(long now, long timeLimit, long max) {
        long next = nanosToTimeLimit(now, timeLimit, max);
        Retry retry = retries.peek();
        return retry == null ? next : Math.max(0, Math.min(next, retry.dueAt - now));
    }

    /** Returns how long the oldest message may still take, at most {@code max}. */
    long nanosToTimeLimit(long now, long timeLimit, long max) {
        Sending oldest = handedOver.peek();
        return oldest == null ? max : Math.max(0, Math.min(max, oldest.startedAt + timeLimit - now));
    }
}
