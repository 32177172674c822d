package io.pythia.kafka;

import io.pythia.BrokerListener;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** What a {@link KafkaReceiver} needs to know. Without {@code partitions} the group says which ones. */
record KafkaConsumerSettings(
        String name,
        List<String> topics,
        @Nullable Pattern pattern,
        List<Integer> partitions,
        KafkaConfig config,
        Map<String, Object> clientProperties,
        AutoOffsetReset autoOffsetReset,
        Duration connectTimeout,
        int maxInFlight,
        Duration drainTimeout,
        @Nullable Function<byte[], String> keyDeserializer,
        @Nullable Function<byte[], byte[]> valueDeserializer,
        BrokerListener listener) {

    Map<String, Object> adminProperties() {
        return ClientProperties.admin(config);
    }

    /** Returns whether a group keeps the positions. */
    boolean hasGroup() {
        return clientProperties.containsKey("group.id");
    }

    /** Returns the partitions that are taken without asking the group; none if it shares them out. */
    List<TopicPartition> ownPartitions() {
        return topics.stream()
                .flatMap(topic -> partitions.stream().map(number -> new TopicPartition(topic, number)))
                .toList();
    }

    void subscribe(Consumer<byte[], byte[]> consumer, ConsumerRebalanceListener rebalanced) {
        if (pattern != null) {
            consumer.subscribe(pattern, rebalanced);
        } else {
            consumer.subscribe(topics, rebalanced);
        }
    }

    /** Returns a record for the engine; one that the application's functions can't decode is poison and keeps its raw bytes. */
    Received<KafkaRecord> decode(ConsumerRecord<byte[], byte[]> record, PartitionProgress progress) {
        if (keyDeserializer == null && valueDeserializer == null) {
            KafkaRecord plain = new KafkaRecord(record, progress);
            return new Received<>(plain, plain);
        }
        KafkaRecord raw = new KafkaRecord(record, progress);
        try {
            String key =
                    record.key() == null || keyDeserializer == null ? raw.key() : keyDeserializer.apply(record.key());
            byte[] body = record.value() == null || valueDeserializer == null
                    ? raw.body()
                    : valueDeserializer.apply(record.value());
            KafkaRecord decoded = new KafkaRecord.Decoded(record, progress, key, body);
            return new Received<>(decoded, decoded);
        } catch (RuntimeException e) {
            return new Received<>(raw, raw, 1, e);
        }
    }
}
