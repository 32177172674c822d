package io.pythia.memory;

import io.pythia.BrokerConnectionException;
import io.pythia.DestinationNotFoundException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a broker holds: topics, sessions, and how much room is left. One lock guards all of it, so that a message moves to the dead letters
 * in one step and a consumer of several topics waits for all of them; methods are called with the lock held.
 */
final class MemoryStore {
    final ReentrantLock lock = new ReentrantLock();
    final MemoryConfig config;
    private final Condition roomMade = lock.newCondition();
    private final LongSupplier clock;
    private final Map<String, MemoryTopic> topics = new LinkedHashMap<>();
    private final Set<MemoryReceiver> sessions = new LinkedHashSet<>();
    private boolean running = true;
    /** Changes whenever the sessions of before are over. */
    private int epoch;

    private long messages;
    private long bytes;
    private int waitingForRoom;

    /**
     * Creates one.
     *
     * @param clock nanoseconds, not negative
     */
    MemoryStore(MemoryConfig config, LongSupplier clock) {
        this.config = config;
        this.clock = clock;
    }

    long now() {
        return clock.getAsLong();
    }

    /** Returns a point in time that is that long after another, {@link Leases#NEVER} if it is out of reach. */
    static long after(long time, Duration duration) {
        try {
            return Math.addExact(time, duration.toNanos());
        } catch (ArithmeticException e) {
            return Leases.NEVER;
        }
    }

    // Sessions.

    boolean isRunning() {
        return running;
    }

    void start() {
        running = true;
    }

    void stop() {
        running = false;
        epoch++;
        endAll(sessions, "the broker was stopped");
        roomMade.signalAll();
    }

    void requireRunning(String who) {
        if (!running) {
            throw new BrokerConnectionException(
                    who + ": the embedded broker is stopped; MemoryBroker.start() starts it");
        }
    }

    /** Requires that the broker runs and has not been stopped since a session began. */
    void requireSession(String who, int since) {
        requireRunning(who);
        if (epoch != since) {
            throw new BrokerConnectionException(who + ": the embedded broker was restarted");
        }
    }

    int epoch() {
        return epoch;
    }

    void add(MemoryReceiver session) {
        sessions.add(session);
    }

    void remove(MemoryReceiver session) {
        sessions.remove(session);
    }

    private static void endAll(Iterable<MemoryReceiver> sessions, String why) {
        List<MemoryReceiver> all = new ArrayList<>();
        sessions.forEach(all::add);
        all.forEach(session -> session.end(why));
    }

    // Topics.

    /** Returns a topic, and makes it if need be. */
    MemoryTopic create(String name) {
        return topics.computeIfAbsent(name, MemoryTopic::new);
    }

    @Nullable
    MemoryTopic find(String name) {
        return topics.get(name);
    }

    /** Returns the topic that a session uses, and makes it if the broker is set up so. */
    MemoryTopic use(String name, String who) {
        MemoryTopic topic = topics.get(name);
        if (topic == null && !config.autoCreateTopics()) {
            throw new DestinationNotFoundException(
                    who + ": there is no topic " + name + " and the broker creates none; use MemoryBroker.createTopic");
        }
        return topic == null ? create(name) : topic;
    }

    List<String> names() {
        return topics.keySet().stream().sorted().toList();
    }

    boolean delete(String name) {
        MemoryTopic topic = topics.get(name);
        if (topic == null) {
            return false;
        }
        topic.groups.values().forEach(group -> endAll(group.sessions(), "the topic " + name + " was deleted"));
        topics.remove(name);
        topic.messages().forEach(this::forget);
        return true;
    }

    boolean delete(String topicName, String groupName) {
        MemoryTopic topic = topics.get(topicName);
        MemoryGroup group = topic == null ? null : topic.groups.get(groupName);
        if (topic == null || group == null) {
            return false;
        }
        endAll(group.sessions(), "the group " + groupName + " of " + topicName + " was deleted");
        topic.remove(group);
        trimConsumed(topic);
        return true;
    }

    // Room.

    /** Appends a message unless there is no room; returns whether there was. */
    boolean append(MemoryTopic topic, StoredMessage message) {
        while (!fits(message)) {
            if (!trimAny(topic)) {
                return false;
            }
        }
        appendAnyway(topic, message);
        return true;
    }

    /** Appends a message that the broker has already taken, whether there is room or not. */
    void appendAnyway(MemoryTopic topic, StoredMessage message) {
        topic.append(message);
        messages++;
        bytes += message.size;
    }

    /** A group is done with a message. */
    void consumed(MemoryTopic topic, StoredMessage message) {
        topic.consumedByOne(message);
        trimConsumed(topic);
    }

    /** Waits once for room, until a point in time; returns whether it is worth another look. The caller has the loop. */
    @SuppressWarnings("WaitNotInLoop")
    boolean awaitRoom(long deadline) throws InterruptedException {
        long left = deadline - now();
        if (left <= 0) {
            return false;
        }
        waitingForRoom++;
        try {
            return roomMade.awaitNanos(left) > 0;
        } finally {
            waitingForRoom--;
        }
    }

    /** Ends every wait for room. */
    void wakeSenders() {
        roomMade.signalAll();
    }

    private boolean fits(StoredMessage message) {
        return messages < config.maxMessages() && bytes + message.size <= config.maxBytes();
    }

    private void trimConsumed(MemoryTopic topic) {
        while (topic.consumedCount() > config.replayMessages()) {
            trim(topic);
        }
        if (waitingForRoom > 0) {
            roomMade.signalAll();
        }
    }

    private boolean trimAny(MemoryTopic first) {
        if (trim(first)) {
            return true;
        }
        for (MemoryTopic each : topics.values()) {
            if (trim(each)) {
                return true;
            }
        }
        return false;
    }

    private boolean trim(MemoryTopic topic) {
        StoredMessage trimmed = topic.trim();
        if (trimmed == null) {
            return false;
        }
        forget(trimmed);
        return true;
    }

    private void forget(StoredMessage message) {
        messages--;
        bytes -= message.size;
    }
}
