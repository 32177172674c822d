package io.pythia.kafka;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Asks the cluster whether it is there, by an {@code Admin} client: the consumer and the producer say nothing about a broker that is
 * away, they only wait. The client is kept until close. Thread-safe.
 */
final class KafkaProbe {
    private static final Duration PING_TIMEOUT = Duration.ofSeconds(3);
    /** A topic that was created a moment ago is not known to every broker yet. */
    private static final Duration NEW_TOPIC_GRACE = Duration.ofSeconds(2);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final String name;
    private final Map<String, Object> properties;
    private final List<String> topics;
    private final List<Integer> partitions;
    private @Nullable Admin admin;
    private boolean closed;

    /**
     * Creates one.
     *
     * @param topics the topics that must exist; none for a pattern
     * @param partitions the partitions that each of them must have
     */
    KafkaProbe(String name, Map<String, Object> properties, List<String> topics, List<Integer> partitions) {
        this.name = name;
        this.properties = properties;
        this.topics = topics;
        this.partitions = partitions;
    }

    /** Checks address, credentials and topics, a little sooner than the engine loses patience: this error says more. */
    void verify(Duration connectTimeout) throws InterruptedException {
        long began = System.nanoTime();
        long limit = began + connectTimeout.multipliedBy(3).dividedBy(4).toNanos();
        long grace = Math.min(limit, began + NEW_TOPIC_GRACE.toNanos());
        while (true) {
            try {
                ask(limit);
                return;
            } catch (DestinationNotFoundException e) {
                if (System.nanoTime() - grace > 0) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    /** Waits a few seconds for an answer. */
    void ping() throws InterruptedException {
        ask(System.nanoTime() + PING_TIMEOUT.toNanos());
    }

    private void ask(long limit) throws InterruptedException {
        String doing = name + ": asking the cluster at " + properties.get("bootstrap.servers") + " for "
                + (topics.isEmpty() ? "its nodes" : "topic " + String.join(", ", topics));
        try {
            Admin client = admin(); // the first time this takes a while, which counts
            int millis = (int) Math.max(100, (limit - System.nanoTime()) / 1_000_000);
            if (topics.isEmpty()) {
                client.describeCluster(new DescribeClusterOptions().timeoutMs(millis))
                        .nodes()
                        .get();
            } else {
                client.describeTopics(topics, new DescribeTopicsOptions().timeoutMs(millis))
                        .allTopicNames()
                        .get()
                        .values()
                        .forEach(this::checkPartitions);
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException timeoutException) {
                throw new BrokerConnectionException(
                        doing + ": no answer in time; is the address right, and the broker up?", timeoutException);
            }
            throw KafkaErrors.translate(doing, e);
        } catch (KafkaException e) {
            throw unusable(e);
        }
    }

    /** The client would wait in silence for a partition that is not there. */
    private void checkPartitions(TopicDescription topic) {
        int count = topic.partitions().size();
        for (int number : partitions) {
            if (number >= count) {
                throw new DestinationNotFoundException(name + ": topic " + topic.name() + " has no partition " + number
                        + ", its partitions are 0 to " + (count - 1));
            }
        }
    }

    private BrokerException unusable(KafkaException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new BrokerConnectionException(name + ": could not create the client: " + cause.getMessage(), e);
    }

    private synchronized Admin admin() {
        if (closed) {
            throw new BrokerConnectionException(name + " is disconnected");
        }
        if (admin == null) {
            admin = Admin.create(properties);
        }
        return admin;
    }

    synchronized void close() {
        closed = true;
        if (admin != null) {
            admin.close(CLOSE_TIMEOUT);
        }
    }
}
