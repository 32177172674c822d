package io.pythia.memory;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Consumes one topic of the embedded broker, or several, as a member of a group. */
public final class MemoryConsumer extends AbstractMessageBroker<MemoryDelivery> {
    private final MemoryConsumerSettings settings;

    private MemoryConsumer(Builder builder) {
        super("memory:" + String.join(",", builder.topics), MemoryBrokerProvider.CAPABILITIES, builder);
        this.settings = new MemoryConsumerSettings(
                builder.broker,
                builder.topics,
                builder.consumerGroup,
                builder.leaseTime,
                builder.fromStart,
                builder.deadLetterTopic);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<MemoryDelivery> newDriver() {
        return new MemoryReceiver(name(), settings);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private List<String> topics = List.of();
        private String consumerGroup = "default";
        private MemoryBroker broker = MemoryBroker.shared();
        private Duration leaseTime = Duration.ofSeconds(30);
        private boolean fromStart = true;
        private @Nullable String deadLetterTopic;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic. This or {@link #topics} is required. */
        public Builder topic(String topic) {
            return topics(List.of(topic));
        }

        /** Sets several topics; each keeps its own order. */
        public Builder topics(List<String> topics) {
            topics.forEach(topic -> Names.check("topic", topic));
            this.topics = topics.stream().distinct().toList();
            return this;
        }

        /** Sets the group: each group gets every message, its consumers share them. Default: {@code default}. */
        public Builder consumerGroup(String group) {
            this.consumerGroup = Names.check("consumerGroup", group);
            return this;
        }

        /** Sets the broker. Default: {@link MemoryBroker#shared()}. */
        public Builder broker(MemoryBroker broker) {
            this.broker = Objects.requireNonNull(broker, "broker");
            return this;
        }

        /**
         * Sets for how long a message is reserved for this consumer; the engine extends it while the message is in flight. Zero: until it
         * is settled, or the consumer leaves. Default: 30 s.
         */
        public Builder leaseTime(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("leaseTime must not be negative, but is " + time);
            }
            this.leaseTime = time;
            return this;
        }

        /** Sets whether a group that is new begins with what the topic keeps, or else with what is sent from then on. Default: true. */
        public Builder fromStart(boolean fromStart) {
            this.fromStart = fromStart;
            return this;
        }

        /** Sets the topic for rejected messages; it is created when the first one comes. Default: the topic's name and {@code .dead}. */
        public Builder deadLetterTopic(String topic) {
            this.deadLetterTopic = Names.check("deadLetterTopic", topic);
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public MemoryConsumer build() {
            if (topics.isEmpty()) {
                throw new IllegalArgumentException("topic must be set");
            }
            if (deadLetterTopic != null && topics.contains(deadLetterTopic)) {
                throw new IllegalArgumentException("deadLetterTopic must not be among the topics that are consumed");
            }
            return new MemoryConsumer(this);
        }
    }
}
