package io.pythia.memory;

import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.util.Objects;

/** Sends to a topic of the embedded broker. */
public final class MemoryProducer extends AbstractMessageProducer {
    private final MemoryBroker broker;
    private final String topic;

    private MemoryProducer(Builder builder) {
        super("memory:" + builder.topic, builder);
        this.broker = builder.broker;
        this.topic = builder.topic;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new MemorySender(broker, topic);
    }

    /** Builds producers. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private MemoryBroker broker = MemoryBroker.shared();
        private String topic = "";

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

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if the topic is missing
         */
        public MemoryProducer build() {
            if (topic.isBlank()) {
                throw new IllegalArgumentException("topic must be set");
            }
            return new MemoryProducer(this);
        }
    }
}
