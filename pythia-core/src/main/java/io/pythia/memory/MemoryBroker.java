package io.pythia.memory;

import io.pythia.BrokerException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The embedded broker itself, what elsewhere is a server: topics with groups of consumers, in memory. Thread-safe.
 *
 * <p>{@link #shared} is the one that URLs ({@code memory:orders}) and settings mean. A test makes one of its own, and can stop it, start
 * it again, and let it refuse messages.
 *
 * <pre>{@code
 * MemoryBroker broker = new MemoryBroker();
 * MemoryProducer producer = MemoryProducer.builder().topic("orders").broker(broker).build();
 * MemoryConsumer consumer = MemoryConsumer.builder().topic("orders").consumerGroup("billing").broker(broker).build();
 * }</pre>
 */
public final class MemoryBroker {
    private static final MemoryBroker SHARED = new MemoryBroker();

    private final MemoryStore store;
    private final Queue<BrokerException> failures = new ArrayDeque<>();

    /** Creates one with the default limits. */
    public MemoryBroker() {
        this(MemoryConfig.defaults());
    }

    /** Creates one with its own limits. */
    public MemoryBroker(MemoryConfig config) {
        this(config, clockFrom(System.nanoTime()));
    }

    MemoryBroker(MemoryConfig config, LongSupplier clock) {
        this.store = new MemoryStore(config, clock);
    }

    private static LongSupplier clockFrom(long start) {
        return () -> System.nanoTime() - start;
    }

    /** Returns the broker of this JVM, with the default limits. */
    public static MemoryBroker shared() {
        return SHARED;
    }

    // What an administrator does.

    /** Creates a topic; does nothing if it is there. */
    public void createTopic(String topic) {
        String checked = Names.check("topic", topic);
        locked(() -> store.create(checked));
    }

    /** Deletes a topic with its groups and messages, and returns whether it was there. Its consumers lose their connection. */
    public boolean deleteTopic(String topic) {
        return locked(() -> store.delete(topic));
    }

    /**
     * Deletes a group with what it has not consumed, and returns whether it was there. Its consumers lose their connection; when they
     * are back the group is a new one.
     */
    public boolean deleteGroup(String topic, String group) {
        return locked(() -> store.delete(topic, group));
    }

    /** Returns the names of the topics, sorted. */
    public List<String> topics() {
        return locked(store::names);
    }

    /** Returns how many messages a topic keeps, consumed ones among them; 0 if there is no such topic. */
    public int size(String topic) {
        return locked(() -> {
            MemoryTopic found = store.find(topic);
            return found == null ? 0 : found.messages().size();
        });
    }

    /** Returns how far a group is, or nothing if there is no such group. */
    public Optional<GroupStats> stats(String topic, String group) {
        return locked(() -> {
            MemoryTopic foundTopic = store.find(topic);
            MemoryGroup found = foundTopic == null ? null : foundTopic.groups.get(group);
            return Optional.ofNullable(found == null ? null : found.stats());
        });
    }

    /**
     * How far a group is.
     *
     * @param waiting how many messages can be delivered now
     * @param delayed how many messages wait for the delay of a nack
     * @param inFlight how many messages are with consumers, unsettled
     * @param consumers how many consumers are connected
     */
    public record GroupStats(long waiting, int delayed, int inFlight, int consumers) {}

    // Faults.

    /**
     * Stops the broker: its consumers and producers lose their connection and can't get a new one until {@link #start}. Topics, groups
     * and messages stay; what was in flight goes back to its group.
     */
    public void stop() {
        locked(() -> {
            store.stop();
            return true;
        });
    }

    /** Starts the broker again; does nothing if it runs. */
    public void start() {
        locked(() -> {
            store.start();
            return true;
        });
    }

    /** Returns whether it runs, as it does from the beginning. */
    public boolean isRunning() {
        return locked(store::isRunning);
    }

    /** Refuses the next messages that are sent, to whatever topic, with an error; a message that is sent again counts again. */
    public void failNextSends(int messages, BrokerException error) {
        Objects.requireNonNull(error, "error");
        synchronized (failures) {
            for (int i = 0; i < messages; i++) {
                failures.add(error);
            }
        }
    }

    @Nullable
    BrokerException nextFailure() {
        synchronized (failures) {
            return failures.poll();
        }
    }

    MemoryStore store() {
        return store;
    }

    MemoryConfig config() {
        return store.config;
    }

    private <T> T locked(Supplier<T> action) {
        store.lock.lock();
        try {
            return action.get();
        } finally {
            store.lock.unlock();
        }
    }
}
