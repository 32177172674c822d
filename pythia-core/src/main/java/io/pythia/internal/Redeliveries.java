package io.pythia.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Messages that the engine itself will deliver again, each at its time. Thread-safe. */
final class Redeliveries<R> {
    private record Entry<R>(long dueAt, long sequence, Delivery<R> delivery) {}

    private final PriorityQueue<Entry<R>> queue = new PriorityQueue<>((a, b) -> {
        int byTime = Long.signum(a.dueAt - b.dueAt);
        return byTime != 0 ? byTime : Long.signum(a.sequence - b.sequence);
    });
    private long sequence;
    private volatile int size;

    int size() {
        return size;
    }

    synchronized void add(Delivery<R> delivery, long dueAt) {
        queue.add(new Entry<>(dueAt, sequence++, delivery));
        size = queue.size();
    }

    /** Returns the next one that is due, or null. */
    synchronized @Nullable Delivery<R> poll(long now) {
        Entry<R> head = queue.peek();
        if (head == null || head.dueAt - now > 0) {
            return null;
        }
        queue.remove();
        size = queue.size();
        return head.delivery;
    }

    /** Returns for how long nothing is due, at most {@code max}. */
    synchronized long nanosToNext(long now, long max) {
        Entry<R> head = queue.peek();
        return head == null ? max : Math.max(0, Math.min(max, head.dueAt - now));
    }

    /** Removes one, if it is here. */
    synchronized void remove(Delivery<R> delivery) {
        queue.removeIf(entry -> entry.delivery == delivery);
        size = queue.size();
    }

    /** Removes those whose session is dead. */
    synchronized void removeStale() {
        queue.removeIf(entry -> entry.delivery.batch.session.isDead());
        size = queue.size();
    }

    synchronized List<Delivery<R>> clear() {
        List<Delivery<R>> all = new ArrayList<>();
        queue.forEach(e -> all.add(e.delivery));
        queue.clear();
        size = 0;
        return all;
    }
}
