package io.pythia.memory;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * How far one group has come in a topic: the place of the next new message, what is with its consumers, and what is to be delivered again.
 * Guarded by its topic.
 */
final class MemoryGroup {
    /** A message to be delivered again, at the earliest at a time. */
    private record Returned(StoredMessage stored, int attempt, long dueAt) {}

    private final PriorityQueue<Returned> ready = new PriorityQueue<>(Comparator.comparingLong(r -> r.stored.offset()));
    private final PriorityQueue<Returned> delayed = new PriorityQueue<>((a, b) -> Long.signum(a.dueAt - b.dueAt));
    /** By offset: a group has a message at most once. */
    private final Map<Long, MemoryDelivery> inFlight = new HashMap<>();

    private long next;
    /** No lease ends before. */
    private long nextExpiryAt = Long.MAX_VALUE;

    private boolean hasLeases;

    MemoryGroup(long first) {
        next = first;
    }

    /** Takes back what consumers have had for too long, and makes ready what has waited for long enough. */
    void advance(long now) {
        while (!delayed.isEmpty() && delayed.peek().dueAt - now <= 0) {
            ready.add(delayed.remove());
        }
        if (hasLeases && nextExpiryAt - now <= 0) {
            List<MemoryDelivery> expired = inFlight.values().stream()
                    .filter(d -> d.leaseEndsAt - now <= 0)
                    .toList();
            expired.forEach(this::giveBack);
            hasLeases = false;
            inFlight.values().forEach(d -> noteLease(d.leaseEndsAt));
        }
    }

    /** Returns the next message of the topic's that this group is to have, or null. */
    @Nullable
    MemoryDelivery take(MemoryTopic topic, MemoryReceiver session, long leaseEndsAt) {
        Returned again = ready.poll();
        StoredMessage stored;
        int attempt = 1;
        if (again != null) {
            stored = again.stored;
            attempt = again.attempt;
        } else {
            next = Math.max(next, topic.firstOffset());
            stored = topic.at(next);
            if (stored == null) {
                return null;
            }
            next++;
        }
        MemoryDelivery delivery = new MemoryDelivery(topic.name(), stored, session, attempt, leaseEndsAt);
        inFlight.put(stored.offset(), delivery);
        if (leaseEndsAt != Long.MAX_VALUE) {
            noteLease(leaseEndsAt);
        }
        return delivery;
    }

    private void noteLease(long endsAt) {
        if (endsAt != Long.MAX_VALUE && (!hasLeases || endsAt - nextExpiryAt < 0)) {
            nextExpiryAt = endsAt;
            hasLeases = true;
        }
    }

    /** Returns whether the consumer still has this message. */
    boolean holds(MemoryDelivery delivery) {
        return inFlight.get(delivery.stored.offset()) == delivery;
    }

    void remove(MemoryDelivery delivery) {
        inFlight.remove(delivery.stored.offset());
    }

    /** Takes a message back; it is delivered again before what is new. */
    void giveBack(MemoryDelivery delivery) {
        remove(delivery);
        ready.add(new Returned(delivery.stored, delivery.attempt + 1, 0));
    }

    void giveBack(MemoryDelivery delivery, long dueAt) {
        remove(delivery);
        delayed.add(new Returned(delivery.stored, delivery.attempt + 1, dueAt));
    }

    void extend(MemoryDelivery delivery, long leaseEndsAt) {
        delivery.leaseEndsAt = leaseEndsAt;
        noteLease(leaseEndsAt);
    }

    /** Takes all back that a session has. */
    void giveBackAll(MemoryReceiver session) {
        new ArrayList<>(inFlight.values())
                .stream().filter(d -> d.session == session).forEach(this::giveBack);
    }

    Collection<MemoryDelivery> inFlight() {
        return inFlight.values();
    }

    /** Returns for how long nothing becomes due, at most {@code max}. */
    long nanosToNext(long now, long max) {
        long wait = max;
        if (!delayed.isEmpty()) {
            wait = Math.min(wait, delayed.peek().dueAt - now);
        }
        if (hasLeases) {
            wait = Math.min(wait, nextExpiryAt - now);
        }
        return Math.max(1, wait);
    }

    long unsettled(long end) {
        return end - next + inFlight.size() + ready.size() + delayed.size();
    }

    /** Returns the first offset that this group may still want from the topic. */
    long next() {
        return next;
    }
}
