package io.pythia.memory;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.Settlement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The messages of a topic, and how far each group has come. One lock, taken once per batch. */
final class MemoryTopic {
    private static final int CHUNK = 1024;

    private final MemoryBroker broker;
    private final String name;
    private final int maxMessages;
    private final long maxBytes;
    /** The messages from {@link #first} on, in arrays of equal length, so that any is found at once and old ones go away together. */
    private final List<@Nullable StoredMessage[]> chunks = new ArrayList<>();

    private final Map<String, MemoryGroup> groups = new HashMap<>();
    private final Set<MemoryReceiver> sessions = new HashSet<>();
    private long chunkBase;
    private long first;
    private long end;
    private long bytes;
    private boolean deleted;

    MemoryTopic(MemoryBroker broker, String name, int maxMessages, long maxBytes) {
        this.broker = broker;
        this.name = name;
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    String name() {
        return name;
    }

    // Sending.

    /**
     * Appends a message and returns its offset.
     *
     * @throws MessageException if the topic is full of messages that some group has not had yet
     */
    synchronized long append(Message message) {
        StoredMessage stored = new StoredMessage(end, message);
        while (end - first >= maxMessages || (bytes + stored.size() > maxBytes && end > first)) {
            if (!dropFirst()) {
                throw new MessageException(
                        "topic " + name + " of the embedded broker is full: " + (end - first) + " messages, " + bytes
                                + " bytes",
                        null,
                        true);
            }
        }
        if ((end - chunkBase) / CHUNK == chunks.size()) {
            chunks.add(new StoredMessage[CHUNK]);
        }
        chunks.get((int) ((end - chunkBase) / CHUNK))[(int) ((end - chunkBase) % CHUNK)] = stored;
        bytes += stored.size();
        return end++;
    }

    synchronized void signal() {
        notifyAll();
    }

    /** Forgets the oldest message, which is kept only for groups to come, if every group has had it. */
    private boolean dropFirst() {
        if (groups.isEmpty() || groups.values().stream().anyMatch(group -> group.next() <= first)) {
            return false;
        }
        StoredMessage oldest = at(first);
        bytes -= oldest == null ? 0 : oldest.size();
        chunks.get((int) ((first - chunkBase) / CHUNK))[(int) ((first - chunkBase) % CHUNK)] = null;
        first++;
        if (first - chunkBase == CHUNK) {
            chunks.remove(0);
            chunkBase += CHUNK;
        }
        return true;
    }

    // Receiving.

    /** Returns the group, made when it is first asked for: at the oldest message, or at the next. */
    synchronized MemoryGroup join(String group, boolean fromStart, MemoryReceiver session) {
        broker.requireRunning();
        sessions.add(session);
        return groups.computeIfAbsent(group, g -> new MemoryGroup(fromStart ? first : end));
    }

    synchronized void leave(MemoryGroup group, MemoryReceiver session) {
        sessions.remove(session);
        group.giveBackAll(session);
        notifyAll();
    }

    /** Takes up to {@code max} messages, and waits for the first. */
    synchronized List<MemoryDelivery> take(MemoryGroup group, MemoryReceiver session, int max, long nanos)
            throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        List<MemoryDelivery> taken = new ArrayList<>();
        while (true) {
            session.requireOpen();
            long now = System.nanoTime();
            group.advance(now);
            long leaseEndsAt = session.leaseNanos() == 0 ? Long.MAX_VALUE : now + session.leaseNanos();
            while (taken.size() < max) {
                MemoryDelivery next = group.take(this, session, leaseEndsAt);
                if (next == null) {
                    break;
                }
                taken.add(next);
            }
            if (!taken.isEmpty() || deadline - now <= 0 || session.takeWakeup()) {
                return taken;
            }
            long wait = group.nanosToNext(now, deadline - now);
            wait(wait / 1_000_000, (int) (wait % 1_000_000));
        }
    }

    /** Applies outcomes; returns what is to be sent to the dead letters, outside of this topic's lock. */
    synchronized Deque<Settlement<MemoryDelivery>> settle(
            MemoryGroup group, List<? extends Settlement<MemoryDelivery>> batch) {
        Deque<Settlement<MemoryDelivery>> rejected = new ArrayDeque<>();
        long now = System.nanoTime();
        group.advance(now);
        boolean returned = false;
        for (Settlement<MemoryDelivery> settlement : batch) {
            MemoryDelivery delivery = settlement.receipt();
            if (!group.holds(delivery)) {
                settlement.stale();
                continue;
            }
            switch (settlement.outcome()) {
                case ACK -> group.remove(delivery);
                case NACK -> {
                    if (settlement.delay().isZero()) {
                        group.giveBack(delivery);
                    } else {
                        group.giveBack(delivery, now + settlement.delay().toNanos());
                    }
                    returned = true;
                }
                case REJECT -> {
                    group.remove(delivery);
                    rejected.add(settlement);
                }
                case EXTEND -> group.extend(delivery, now + settlement.delay().toNanos());
            }
        }
        if (returned) {
            notifyAll();
        }
        return rejected;
    }

    // What others want to know.

    @Nullable
    StoredMessage at(long offset) {
        return offset >= end || offset < first
                ? null
                : chunks.get((int) ((offset - chunkBase) / CHUNK))[(int) ((offset - chunkBase) % CHUNK)];
    }

    long firstOffset() {
        return first;
    }

    synchronized long unsettled(String group) {
        MemoryGroup found = groups.get(group);
        return found == null ? end - first : found.unsettled(end);
    }

    synchronized int inFlight(String group) {
        MemoryGroup found = groups.get(group);
        return found == null ? 0 : found.inFlight().size();
    }

    synchronized void disconnectAll() {
        sessions.forEach(MemoryReceiver::disconnect);
        groups.values().forEach(group -> List.copyOf(group.inFlight()).forEach(group::giveBack));
        notifyAll();
    }

    void delete() {
        synchronized (this) {
            deleted = true;
        }
        disconnectAll();
    }

    synchronized boolean isDeleted() {
        return deleted;
    }
}
