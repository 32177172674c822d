package io.pythia.kafka;

import io.pythia.Message;
import io.pythia.internal.Utf8;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends to a topic.
 *
 * <pre>{@code
 * KafkaProducer producer = KafkaProducer.builder().topic("orders").bootstrapServers("localhost:9092").build();
 * }</pre>
 */
public final class KafkaProducer extends AbstractMessageProducer {
    private final KafkaProducerSettings settings;

    private KafkaProducer(Builder builder) {
        super("kafka:" + builder.topic, builder);
        this.settings =
                builder.settings(name(), options().connectTimeout(), options().sendTimeout());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new KafkaSender(settings);
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String topic;
        private @Nullable String bootstrapServers;
        private KafkaConfig config = KafkaConfig.defaults();
        private Function<Message, @Nullable String> partitionKey = Message::key;
        private Function<String, byte[]> keySerializer = key -> Utf8.encode("a message's key", key);
        private Function<Message, byte[]> valueSerializer = Message::body;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic. Required. */
        public Builder topic(String topic) {
            this.topic = Topics.check(topic);
            return this;
        }

        /** Sets the first brokers to ask, in place of those of the configuration. */
        public Builder bootstrapServers(String servers) {
            this.bootstrapServers = Objects.requireNonNull(servers, "servers");
            return this;
        }

        /** Sets how to reach the cluster. Default: {@link KafkaConfig#defaults()}. */
        public Builder config(KafkaConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets what becomes the record's key and thus decides on the partition; null for none. Default: the message's key. */
        public Builder partitionKey(Function<Message, @Nullable String> key) {
            this.partitionKey = Objects.requireNonNull(key, "key");
            return this;
        }

        /** Sets how a key is written. Default: UTF-8. */
        public Builder keySerializer(Function<String, byte[]> serializer) {
            this.keySerializer = Objects.requireNonNull(serializer, "serializer");
            return this;
        }

        /** Sets how a body is written, for instance encrypted. Default: as it is. */
        public Builder valueSerializer(Function<Message, byte[]> serializer) {
            this.valueSerializer = Objects.requireNonNull(serializer, "serializer");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public KafkaProducer build() {
            if (topic == null) {
                throw new IllegalArgumentException("topic must be set");
            }
            return new KafkaProducer(this);
        }

        private KafkaProducerSettings settings(
                String name, java.time.Duration connectTimeout, java.time.Duration sendTimeout) {
            KafkaConfig effective = bootstrapServers == null
                    ? config
                    : config.toBuilder().bootstrapServers(bootstrapServers).build();
            return new KafkaProducerSettings(
                    name,
                    Objects.requireNonNull(topic),
                    effective,
                    ClientProperties.producer(effective, sendTimeout),
                    connectTimeout,
                    partitionKey,
                    keySerializer,
                    valueSerializer);
        }
    }
}
