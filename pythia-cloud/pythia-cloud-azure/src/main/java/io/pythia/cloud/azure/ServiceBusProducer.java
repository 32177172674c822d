package io.pythia.cloud.azure;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends to a queue or topic of Azure Service Bus. A message's id is its duplicate-detection id, so that a queue that detects duplicates
 * drops what is sent again.
 *
 * <pre>{@code
 * ServiceBusProducer producer = ServiceBusProducer.builder()
 *         .queueName("orders").config(AzureConfig.of(connectionString)).build();
 * }</pre>
 */
public final class ServiceBusProducer extends AbstractMessageProducer {
    private final ServiceBusProducerSettings settings;

    private ServiceBusProducer(Builder builder, String destination) {
        super("servicebus:" + destination, builder);
        this.settings = new ServiceBusProducerSettings(
                name(), builder.config, destination, builder.sessions, builder.timeToLive, builder.enqueueAt);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new ServiceBusSender(settings);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        String refusal = ServiceBusMessages.refusal(message);
        return refusal == null ? null : new MessageException(name() + ": " + refusal);
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String queueName;
        private @Nullable String topicName;
        private AzureConfig config = AzureConfig.defaults();
        private boolean sessions;
        private @Nullable Duration timeToLive;
        private Function<Message, @Nullable Instant> enqueueAt = message -> null;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the queue. This or a topic is required, unless the connection string names one. */
        public Builder queueName(String name) {
            this.queueName = ServiceBusEntity.check("queueName", name);
            return this;
        }

        /** Sets the topic. */
        public Builder topicName(String name) {
            this.topicName = ServiceBusEntity.check("topicName", name);
            return this;
        }

        /** Sets how to reach the service. Required. */
        public Builder config(AzureConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets whether a message's key is its session, else it is the partition key; {@code SessionId}. Default: false. */
        public Builder sessions(boolean sessions) {
            this.sessions = sessions;
            return this;
        }

        /** Sets how long messages are kept; {@code TimeToLive}. Default: as long as the queue says. */
        public Builder timeToLive(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("timeToLive must be more than zero, but is " + time);
            }
            this.timeToLive = time;
            return this;
        }

        /** Sets for how long each message is hidden after it was sent; {@code ScheduledEnqueueTimeUtc}. Default: not at all. */
        public Builder delay(Duration delay) {
            if (delay.isNegative()) {
                throw new IllegalArgumentException("delay must not be negative, but is " + delay);
            }
            return enqueueAt(message -> Instant.now().plus(delay));
        }

        /** Sets how the time is found at which a message may be seen, null for at once; {@code ScheduledEnqueueTimeUtc}. */
        public Builder enqueueAt(Function<Message, @Nullable Instant> time) {
            this.enqueueAt = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public ServiceBusProducer build() {
            if (queueName != null && topicName != null) {
                throw new IllegalArgumentException("queueName and topicName exclude each other");
            }
            String named =
                    ServiceBusEntity.of(config, queueName != null ? queueName : topicName, "queueName or topicName");
            return new ServiceBusProducer(this, named);
        }
    }
}
