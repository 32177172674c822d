package io.pythia.cloud.azure;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import io.pythia.spi.WholeSeconds;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sends to a queue of Azure Storage. Key, headers and id have no place in its messages: they are lost without an envelope.
 *
 * <pre>{@code
 * StorageQueueProducer producer = StorageQueueProducer.builder()
 *         .queueName("background-tasks").config(AzureConfig.of(connectionString)).build();
 * }</pre>
 */
public final class StorageQueueProducer extends AbstractMessageProducer {
    /** The client counts the seconds in an int. */
    private static final Duration LONGEST_LIFE = Duration.ofSeconds(Integer.MAX_VALUE);

    private final StorageQueueProducerSettings settings;

    private StorageQueueProducer(Builder builder, String queue) {
        super("storage-queue:" + queue, builder);
        this.settings = new StorageQueueProducerSettings(
                name(),
                queue,
                builder.config,
                new StorageQueueClients(name(), builder.config),
                builder.encoding,
                builder.envelope,
                builder.createQueue,
                builder.timeToLive,
                builder.delay);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new StorageQueueSender(settings);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        try {
            int size = settings.size(message);
            return size <= QueueBody.MAX_TEXT
                    ? null
                    : new MessageException(name() + ": a message of " + message.body().length + " bytes has " + size
                            + " when it is encoded; Storage Queue takes " + QueueBody.MAX_TEXT);
        } catch (IllegalArgumentException e) {
            return new MessageException(name() + ": " + e.getMessage());
        }
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String queueName;
        private AzureConfig config = AzureConfig.defaults();
        private QueueEncoding encoding = QueueEncoding.BASE64;
        private boolean envelope;
        private boolean createQueue;
        private @Nullable Duration timeToLive;
        private Duration delay = Duration.ZERO;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the queue. Required. */
        public Builder queueName(String name) {
            this.queueName = StorageQueueClients.checkName("queueName", name);
            return this;
        }

        /** Sets how to reach the service. Required. */
        public Builder config(AzureConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets how bodies become texts. Default: BASE64. */
        public Builder encoding(QueueEncoding encoding) {
            this.encoding = Objects.requireNonNull(encoding, "encoding");
            return this;
        }

        /** Sets whether messages go in this library's envelope, with id, key and headers. Default: false. */
        public Builder envelope(boolean envelope) {
            this.envelope = envelope;
            return this;
        }

        /** Sets whether the queue is made if it is missing. Default: false. */
        public Builder createQueue(boolean create) {
            this.createQueue = create;
            return this;
        }

        /** Sets how long messages are kept, in whole seconds, rounded up; {@code messagettl}. Default: for ever. */
        public Builder timeToLive(Duration time) {
            if (time.compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("timeToLive must be at least 1 s, but is " + time);
            }
            this.timeToLive = Duration.ofSeconds(WholeSeconds.of(time, LONGEST_LIFE));
            return this;
        }

        /**
         * Sets for how long each message is invisible at first, in whole seconds, rounded up; at most 7 days; {@code visibilitytimeout}.
         * Default: not at all.
         */
        public Builder delay(Duration delay) {
            if (delay.isNegative() || delay.compareTo(StorageQueueReceiver.LONGEST_VISIBILITY) > 0) {
                throw new IllegalArgumentException("delay must be between 0 and 7 days, but is " + delay);
            }
            this.delay = Duration.ofSeconds(WholeSeconds.of(delay, StorageQueueReceiver.LONGEST_VISIBILITY));
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public StorageQueueProducer build() {
            StorageQueueClients.check(config);
            if (queueName == null) {
                throw new IllegalArgumentException("queueName must be set");
            }
            if (timeToLive != null && timeToLive.compareTo(delay) <= 0) {
                throw new IllegalArgumentException("timeToLive must be longer than delay: nobody would see a message");
            }
            return new StorageQueueProducer(this, queueName);
        }
    }
}
