package io.pythia.memory;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Sends to one topic of the embedded broker. A send is confirmed when the topic has the message. */
public final class MemoryProducer extends AbstractMessageProducer {
    private final String topic;
    private final MemoryBroker broker;

    private MemoryProducer(Builder builder, String topic) {
        super("memory:" + topic, builder);
        this.topic = topic;
        this.broker = builder.broker;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new MemorySender(name(), topic, broker);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        int most = broker.config().maxMessageBytes();
        return message.body().length <= most
                ? null
                : new MessageException(name() + ": a message of " + message.body().length
                        + " bytes is too large; at most " + most + " are taken (MemoryConfig.maxMessageBytes)");
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String topic;
        private MemoryBroker broker = MemoryBroker.shared();

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic. Required. */
        public Builder topic(String topic) {
            this.topic = Names.check("topic", topic);
            return this;
        }

        /** Sets the broker. Default: {@link MemoryBroker#shared()}. */
        public Builder broker(MemoryBroker broker) {
            this.broker = Objects.requireNonNull(broker, "broker");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public MemoryProducer build() {
            if (topic == null) {
                throw new IllegalArgumentException("topic must be set");
            }
            return new MemoryProducer(this, topic);
        }
    }
}
