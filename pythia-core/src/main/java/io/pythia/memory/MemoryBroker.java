package io.pythia.memory;

import io.pythia.BrokerConnectionException;
import io.pythia.DestinationNotFoundException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The embedded broker: a number of topics. {@link #shared()} is the one that URLs and settings mean; a test makes its own. Thread-safe.
 */
public final class MemoryBroker {
    private static final MemoryBroker SHARED = new MemoryBroker();
    private static final int DEFAULT_MESSAGES = 1_000_000;

    private final Map<String, MemoryTopic> topics = new ConcurrentHashMap<>();
    private final boolean createsTopics;
    private final int maxMessages;
    private final long maxBytes;
    private volatile boolean running = true;

    /** Creates one that creates topics when they are first used, each for a million messages and a quarter of the heap at most. */
    public MemoryBroker() {
        this(true, DEFAULT_MESSAGES, Runtime.getRuntime().maxMemory() / 4);
    }

    /**
     * Creates one.
     *
     * @param createsTopics whether a topic is created when it is first used; otherwise by {@link #createTopic}
     * @param maxMessages how many messages a topic keeps
     * @param maxBytes how many bytes of messages a topic keeps
     */
    public MemoryBroker(boolean createsTopics, int maxMessages, long maxBytes) {
        if (maxMessages < 1 || maxBytes < 1) {
            throw new IllegalArgumentException("a topic must keep at least one message and one byte");
        }
        this.createsTopics = createsTopics;
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    /** Returns the broker of this process. */
    public static MemoryBroker shared() {
        return SHARED;
    }

    /** Creates a topic if there is none of that name. */
    public void createTopic(String name) {
        topics.computeIfAbsent(name, n -> new MemoryTopic(this, n, maxMessages, maxBytes));
    }

    /** Deletes a topic with all its messages. Who consumes it loses the connection. */
    public void deleteTopic(String name) {
        MemoryTopic topic = topics.remove(name);
        if (topic != null) {
            topic.delete();
        }
    }

    /** Returns the names of the topics, sorted. */
    public Set<String> topics() {
        return new TreeSet<>(topics.keySet());
    }

    /** Returns how many messages of a topic a group has not settled: waiting, delayed or in flight. */
    public long unsettled(String topic, String group) {
        MemoryTopic found = topics.get(topic);
        return found == null ? 0 : found.unsettled(group);
    }

    /** Returns how many messages of a topic are with the consumers of a group. */
    public int inFlight(String topic, String group) {
        MemoryTopic found = topics.get(topic);
        return found == null ? 0 : found.inFlight(group);
    }

    /** Takes the broker away, as an outage would: connections are lost, messages stay. For tests. */
    public void stop() {
        running = false;
        topics.values().forEach(MemoryTopic::disconnectAll);
    }

    /** Ends {@link #stop}. */
    public void start() {
        running = true;
    }

    void requireRunning() {
        if (!running) {
            throw new BrokerConnectionException("the embedded broker is stopped; start() brings it back");
        }
    }

    MemoryTopic topic(String name) {
        requireRunning();
        if (createsTopics) {
            createTopic(name);
        }
        MemoryTopic topic = topics.get(name);
        if (topic == null) {
            throw new DestinationNotFoundException(
                    "there is no topic " + name + " in the embedded broker; createTopic makes one");
        }
        return topic;
    }
}
