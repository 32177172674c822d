package io.pythia.cloud.gcp;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Publishes to a topic of Google Cloud Pub/Sub. Thread-safe. */
public final class PubSubPublisher extends AbstractMessageProducer {
    private final PubSubPublisherSettings settings;

    private PubSubPublisher(Builder builder, String topic) {
        super("pubsub:" + ResourceNames.id(topic), builder);
        this.settings = new PubSubPublisherSettings(
                name(),
                topic,
                builder.config,
                options(),
                builder.orderingKey,
                Headers.of(builder.attributes),
                builder.maxRequestBytes);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the full name of the topic: {@code projects/<project>/topics/<id>}. */
    public String topicName() {
        return settings.topic();
    }

    @Override
    protected SendDriver newDriver() {
        return new PubSubSender(settings);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        int size = message.body().length;
        return size < PubSubMessages.MAX_BYTES
                ? null
                : new MessageException(name() + ": the body has " + size + " bytes, the service takes less than "
                        + PubSubMessages.MAX_BYTES);
    }

    /** Builds publishers. Beside what all producers have: the topic, and what its messages get. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String topicName;
        private @Nullable Function<Message, @Nullable String> orderingKey;
        private Map<String, String> attributes = Map.of();
        private int maxRequestBytes = 1 << 20;
        private GcpConfig config = GcpConfig.defaults();

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic: {@code projects/<project>/topics/<id>}, or the id alone, with the project of the configuration. Required. */
        public Builder topicName(String name) {
            this.topicName = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets one ordering key for all messages, which so keep their order: with 1 MB/s at most, as the service limits a key. Default: each
         * message's own key.
         */
        public Builder orderingKey(String key) {
            Objects.requireNonNull(key, "key");
            return orderingKey(message -> key);
        }

        /**
         * Sets a function that gives a message its ordering key, at most 1,024 bytes; null or empty for none. It is called on the sending
         * thread; a message for which it throws is not sent. The message's own key travels as well. Default: the message's key.
         */
        public Builder orderingKey(Function<Message, @Nullable String> key) {
            this.orderingKey = Objects.requireNonNull(key, "key");
            return this;
        }

        /** Sets attributes that every message gets, unless it has a header of that name. They arrive as headers. Default: none. */
        public Builder attributes(Map<String, String> attributes) {
            Attributes.write(Headers.of(attributes), new LinkedHashMap<>()); // says what is wrong with them
            this.attributes = Map.copyOf(attributes);
            return this;
        }

        /**
         * Sets how many bytes are published with one call, at most 10 MB; one message may exceed it. How many messages are is
         * {@code maxBatch}, up to 1,000. Default: 1 MiB.
         */
        public Builder maxRequestBytes(int bytes) {
            if (bytes < 1 || bytes > PubSubMessages.MAX_BYTES) {
                throw new IllegalArgumentException(
                        "maxRequestBytes must be between 1 and " + PubSubMessages.MAX_BYTES + ", but is " + bytes);
            }
            this.maxRequestBytes = bytes;
            return this;
        }

        /** Sets how to reach the service. Default: {@link GcpConfig#defaults()}. */
        public Builder config(GcpConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Returns a publisher, not connected.
         *
         * @throws IllegalArgumentException if the topic is missing, is no name, or has no project
         */
        public PubSubPublisher build() {
            if (topicName == null) {
                throw new IllegalArgumentException("topicName must be set");
            }
            return new PubSubPublisher(
                    this, ResourceNames.full("topicName", ResourceNames.TOPICS, config.projectId(), topicName));
        }
    }
}
