package io.pythia.memory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * What a group has yet to consume of a topic: what came back, in the order of the topic, what waits for its time, and what was never
 * delivered. Guarded by the broker's lock.
 */
final class MemoryGroup {
    final MemoryTopic topic;
    final String name;
    private final PriorityQueue<MemoryDelivery> returned =
            new PriorityQueue<>(Comparator.comparingLong((MemoryDelivery d) -> d.message.offset));
    private final PriorityQueue<MemoryDelivery> delayed = new PriorityQueue<>(
            Comparator.comparingLong((MemoryDelivery d) -> d.due).thenComparingLong(d -> d.message.offset));
    private final List<MemoryReceiver> sessions = new ArrayList<>();
    private final List<MemoryReceiver> waiting = new ArrayList<>();
    /** The first message that was never delivered. */
    private @Nullable StoredMessage next;

    MemoryGroup(MemoryTopic topic, String name, @Nullable StoredMessage next) {
        this.topic = topic;
        this.name = name;
        this.next = next;
    }

    void appended(StoredMessage message) {
        if (next == null) {
            next = message;
        }
    }

    // Sessions.

    void join(MemoryReceiver session) {
        sessions.add(session);
    }

    void leave(MemoryReceiver session) {
        sessions.remove(session);
    }

    List<MemoryReceiver> sessions() {
        return List.copyOf(sessions);
    }

    void startWaiting(MemoryReceiver session) {
        waiting.add(session);
    }

    void stopWaiting(MemoryReceiver session) {
        waiting.remove(session);
    }

    /**
     * Wakes one session if something is there, or will be before the first of them looks by itself. Whoever was woken calls this again
     * when it leaves, so that nothing is left lying while others wait.
     */
    void wakeOne() {
        if (waiting.isEmpty()) {
            return;
        }
        boolean available = isAvailable();
        long due = nextDue();
        for (MemoryReceiver session : waiting) {
            if (session.isSignalled() || (!available && session.waitsUntil() <= due)) {
                return;
            }
        }
        if (available || due != Leases.NEVER) {
            waiting.get(0).signal();
        }
    }

    // Deliveries.

    /** Takes back what is due: ended leases, and delays that have passed. */
    void takeBackDue(long now) {
        for (MemoryReceiver session : sessions) {
            session.leases.removeEnded(now).forEach(ended -> ended.group.takeBack(ended));
        }
        for (MemoryDelivery head = delayed.peek(); head != null && head.due <= now; head = delayed.peek()) {
            returned.add(delayed.remove());
        }
    }

    /** Returns the next delivery, or null if there is nothing to deliver now. */
    @Nullable
    MemoryDelivery poll() {
        MemoryDelivery again = returned.poll();
        if (again != null) {
            return new MemoryDelivery(again.message, this, again.attempt + 1);
        }
        StoredMessage fresh = next;
        if (fresh == null) {
            return null;
        }
        next = fresh.next;
        return new MemoryDelivery(fresh, this, 1);
    }

    /** Takes a delivery back, to the head of the group. */
    void takeBack(MemoryDelivery delivery) {
        returned.add(delivery);
    }

    /** Takes a delivery back for later. */
    void takeBack(MemoryDelivery delivery, long due) {
        delivery.due = due;
        delayed.add(delivery);
    }

    boolean isAvailable() {
        return next != null || !returned.isEmpty();
    }

    /** Returns when a lease ends or a delay has passed, or earlier; {@link Leases#NEVER} if there are none. */
    long nextDue() {
        MemoryDelivery head = delayed.peek();
        long due = head == null ? Leases.NEVER : head.due;
        for (MemoryReceiver session : sessions) {
            due = Math.min(due, session.leases.earliest());
        }
        return due;
    }

    /** Returns what it has not consumed and no session has, in no order. */
    List<StoredMessage> unsettled() {
        List<StoredMessage> all = new ArrayList<>();
        returned.forEach(d -> all.add(d.message));
        delayed.forEach(d -> all.add(d.message));
        for (StoredMessage each = next; each != null; each = each.next) {
            all.add(each);
        }
        return all;
    }

    MemoryBroker.GroupStats stats() {
        int inFlight = sessions.stream().mapToInt(s -> s.leases.count(this)).sum();
        return new MemoryBroker.GroupStats(
                returned.size() + topic.countFrom(next), delayed.size(), inFlight, sessions.size());
    }
}
