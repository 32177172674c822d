package io.pythia.kafka;

import io.pythia.BrokerListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The client's own consumer without a broker. Its commits are remembered, and fail while there is an error. */
final class TestClient extends MockConsumer<byte[], byte[]> {
    static final TopicPartition PARTITION = new TopicPartition("orders", 0);
    private static final long LIMIT = Duration.ofSeconds(30).toNanos();

    final List<Map<TopicPartition, OffsetAndMetadata>> commits = new ArrayList<>();
    /** The first record of the time that is asked for; none where there is nothing. */
    final Map<TopicPartition, OffsetAndTimestamp> times = new HashMap<>();

    @Nullable
    KafkaException commitError;

    int refused;
    private final long began = System.nanoTime();

    TestClient() {
        super("none");
    }

    /** Returns what a loop needs to know that consumes {@code orders}. */
    static KafkaConsumerSettings settings(AutoOffsetReset reset, BrokerListener listener) {
        return settings(reset, listener, List.of(), Map.of("group.id", "group"));
    }

    /** Returns the same for partitions that are taken without asking the group, and for a client with these properties. */
    static KafkaConsumerSettings settings(
            AutoOffsetReset reset, BrokerListener listener, List<Integer> partitions, Map<String, Object> properties) {
        return new KafkaConsumerSettings(
                "kafka:orders",
                List.of("orders"),
                null,
                partitions,
                KafkaConfig.defaults(),
                properties,
                reset,
                Duration.ofSeconds(1),
                10,
                Duration.ZERO,
                null,
                null,
                listener);
    }

    @Override
    public synchronized void commitAsync(
            Map<TopicPartition, OffsetAndMetadata> offsets, OffsetCommitCallback callback) {
        if (commitError != null) {
            refused++;
            callback.onComplete(offsets, commitError);
        } else {
            commits.add(offsets);
            super.commitAsync(offsets, callback);
        }
    }

    @Override
    public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
        if (commitError != null) {
            refused++;
            throw commitError;
        }
        commits.add(offsets);
        super.commitAsync(offsets, null);
    }

    @Override
    public synchronized Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(
            Map<TopicPartition, Long> asked, Duration timeout) {
        return times;
    }

    long lastCommitted() {
        return commits.isEmpty()
                ? -1
                : commits.get(commits.size() - 1).get(PARTITION).offset();
    }

    void assign(long begin, long end) {
        updateBeginningOffsets(Map.of(PARTITION, begin));
        updateEndOffsets(Map.of(PARTITION, end));
        rebalance(List.of(PARTITION));
    }

    void add(long... offsets) {
        for (long offset : offsets) {
            addRecord(new ConsumerRecord<>("orders", 0, offset, null, new byte[] {1}));
        }
    }

    /** Does something in the first poll in which a condition holds; ends the loop if it never does. */
    void pollUntil(BooleanSupplier condition, Runnable then) {
        schedulePollTask(() -> {
            if (condition.getAsBoolean()) {
                then.run();
            } else if (System.nanoTime() - began > LIMIT) {
                wakeup();
            } else {
                pollUntil(condition, then);
            }
        });
    }
}
