package io.pythia.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a producer that have not ended: those that wait, those the driver has, oldest first, and those that wait to be handed to
 * it again. All have the same time limit, so only the oldest need to be looked at. Any thread; neither a driver nor user code ever runs
 * under its lock, so that the {@link SendWatch} can look after the messages while a driver holds up the sending thread.
 */
final class Outbox {
    private static final int WORTH_COMPACTING = 1024;

    private static final Comparator<Sending> IN_ORDER = Comparator.comparingLong(sending -> sending.startedAt);

    private record Retry(long dueAt, Sending sending) {}

    private final SendQueue queue = new SendQueue();
    /** Taken from the queue, and still to be handed over. */
    private final List<Sending> waiting = new ArrayList<>();
    /** Whether {@link #waiting} has messages that were sent before others in it. */
    private boolean mixed;

    private final Deque<Sending> handedOver = new ArrayDeque<>();
    private final PriorityQueue<Retry> retries =
            new PriorityQueue<>(Comparator.comparingLong(Retry::dueAt).thenComparing(Retry::sending, IN_ORDER));
    private long lastHandedOverAt = System.nanoTime();

    /** Adds a message that is to be handed over. Takes no lock. */
    void add(Sending sending) {
        queue.add(sending);
    }

    /** Adds one that is to be handed over again, when that time has come. */
    synchronized void retry(Sending sending, long dueAt) {
        retries.add(new Retry(dueAt, sending));
    }

    /** Has all that are to be handed over again wait in their old places, before what was sent later. */
    synchronized void retryNow() {
        retries.forEach(retry -> waiting.add(retry.sending));
        retries.clear();
        mixed = true;
    }

    /** Has one that a driver was given, and has not taken, wait again. */
    synchronized void putBack(Sending sending) {
        handedOver.removeLastOccurrence(sending);
        waiting.add(sending);
        mixed = true;
    }

    /** Returns whether there is something to hand over. */
    synchronized boolean isReady(long now) {
        Retry retry = retries.peek();
        return isAnyWaiting() || (retry != null && retry.dueAt - now <= 0);
    }

    /** Once for all that came back: a sort for each of a thousand would cost more than sending them. */
    private void putInOrder() {
        if (mixed) {
            waiting.sort(IN_ORDER);
            mixed = false;
        }
    }

    private boolean isAnyWaiting() {
        return !waiting.isEmpty() || !queue.isEmpty();
    }

    /** Returns what is to be handed over now, at most so many; the driver has it from here on. */
    synchronized List<Sending> takeNext(long now, int max) {
        for (Retry retry = retries.peek(); retry != null && retry.dueAt - now <= 0; retry = retries.peek()) {
            waiting.add(retries.remove().sending);
            mixed = true;
        }
        queue.drainTo(waiting, max);
        putInOrder();
        waiting.removeIf(Sending::isSettled);
        // More may have gathered while there was no connection.
        List<Sending> first = waiting.subList(0, Math.min(waiting.size(), max));
        List<Sending> next = List.copyOf(first);
        first.clear();
        next.forEach(Sending::handOver);
        handedOver.addAll(next);
        lastHandedOverAt = next.isEmpty() ? lastHandedOverAt : now;
        return next;
    }

    /**
     * Takes this one, unless others wait before it; returns whether the driver has it from here on.
     *
     * @param inFlight about how many have not ended
     */
    synchronized boolean takeAlone(Sending sending, int inFlight) {
        if (isAnyWaiting() || !retries.isEmpty()) {
            return false;
        }
        compact(inFlight);
        sending.handOver();
        handedOver.add(sending);
        lastHandedOverAt = sending.startedAt;
        return true;
    }

    /** Forgets what has ended: from the front always, from the middle when that is worth it. */
    synchronized void compact(int inFlight) {
        for (Sending first = handedOver.peek(); first != null && first.isDone(); first = handedOver.peek()) {
            handedOver.remove();
        }
        if (handedOver.size() > WORTH_COMPACTING && handedOver.size() > 2 * inFlight) {
            handedOver.removeIf(Sending::isDone);
        }
    }

    /** Returns all that have not ended, the waiting ones last; one that is settled ends a moment later, on the client's thread. */
    synchronized List<Sending> open() {
        queue.drainTo(waiting, Integer.MAX_VALUE);
        List<Sending> open = new ArrayList<>(waiting.size());
        handedOver.stream().filter(sending -> !sending.isDone()).forEach(open::add);
        open.addAll(waiting);
        return open;
    }

    /** Returns what waits, which is then forgotten. */
    synchronized List<Sending> takeWaiting() {
        queue.drainTo(waiting, Integer.MAX_VALUE);
        List<Sending> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    /** Returns what was sent before that time and has not ended, of what waits too if so said, which is then forgotten. */
    synchronized List<Sending> takeOlder(long startedBefore, boolean waitingToo) {
        List<Sending> older = new ArrayList<>();
        for (Sending sending : handedOver) {
            if (sending.startedAt - startedBefore > 0) {
                break;
            }
            older.add(sending);
        }
        if (waitingToo) {
            queue.drainTo(waiting, Integer.MAX_VALUE);
            waiting.removeIf(sending -> sending.startedAt - startedBefore <= 0 && older.add(sending));
        }
        return older;
    }

    /** Returns when something was handed over last, or when this was made. */
    synchronized long lastHandedOverAt() {
        return lastHandedOverAt;
    }

    /** Returns for how long nothing is due of what was handed over, at most {@code max}. */
    synchronized long nanosToNext(long now, long timeLimit, long max) {
        long next = nanosToTimeLimit(handedOver.peek(), now, timeLimit, max);
        Retry retry = retries.peek();
        return retry == null ? next : Math.max(0, Math.min(next, retry.dueAt - now));
    }

    /** Returns how long the oldest message may still take, at most {@code max}. */
    synchronized long nanosToTimeLimit(long now, long timeLimit, long max) {
        putInOrder();
        long limit = nanosToTimeLimit(handedOver.peek(), now, timeLimit, max);
        return waiting.isEmpty() ? limit : nanosToTimeLimit(waiting.get(0), now, timeLimit, limit);
    }

    private static long nanosToTimeLimit(@Nullable Sending oldest, long now, long timeLimit, long max) {
        return oldest == null ? max : Math.max(0, Math.min(max, oldest.startedAt + timeLimit - now));
    }
}
