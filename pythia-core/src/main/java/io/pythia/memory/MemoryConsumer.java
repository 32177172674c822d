package io.pythia.memory;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Objects;

/** Consumes a topic of the embedded broker, as a member of a group. */
public final class MemoryConsumer extends AbstractMessageBroker<MemoryDelivery> {
    private final Builder builder;

    private MemoryConsumer(Builder builder) {
        super("memory:" + builder.topic, MemoryBrokerProvider.CAPABILITIES, builder);
        this.builder = builder;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<MemoryDelivery> newDriver() {
        return new MemoryReceiver(builder);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe, and not to be used after {@link #build}. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private MemoryBroker broker = MemoryBroker.shared();
        private String topic = "";
        private String consumerGroup = "default";
        private String deadLetterTopic = "";
        private Duration leaseTime = Duration.ofSeconds(30);
        private boolean fromStart = true;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the broker. Default: that of this process. */
        public Builder broker(MemoryBroker broker) {
            this.broker = Objects.requireNonNull(broker, "broker");
            return this;
        }

        /** Sets the topic. Required. */
        public Builder topic(String topic) {
            this.topic = Objects.requireNonNull(topic, "topic");
            return this;
        }

        /** Sets the group whose consumers share the messages. Default: {@code default}. */
        public Builder consumerGroup(String group) {
            if (group.isBlank()) {
                throw new IllegalArgumentException("consumerGroup must not be blank");
            }
            this.consumerGroup = group;
            return this;
        }

        /** Sets where rejected messages go. Default: the topic's name and {@code .dead}. */
        public Builder deadLetterTopic(String topic) {
            this.deadLetterTopic = Objects.requireNonNull(topic, "topic");
            return this;
        }

        /** Sets how long a message is reserved; the engine extends it while the message is in flight. Zero: for ever. Default: 30 s. */
        public Builder leaseTime(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("leaseTime must not be negative, but is " + time);
            }
            this.leaseTime = time;
            return this;
        }

        /** Sets whether a new group begins at the oldest message that is kept, or with what is sent from now on. Default: the oldest. */
        public Builder fromStart(boolean fromStart) {
            this.fromStart = fromStart;
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if the topic is missing
         */
        public MemoryConsumer build() {
            if (topic.isBlank()) {
                throw new IllegalArgumentException("topic must be set");
            }
            return new MemoryConsumer(this);
        }

        MemoryBroker broker() {
            return broker;
        }

        String topic() {
            return topic;
        }

        String consumerGroup() {
            return consumerGroup;
        }

        String deadLetterTopic() {
            return deadLetterTopic.isEmpty() ? topic + ".dead" : deadLetterTopic;
        }

        Duration leaseTime() {
            return leaseTime;
        }

        boolean fromStart() {
            return fromStart;
        }
    }
}
