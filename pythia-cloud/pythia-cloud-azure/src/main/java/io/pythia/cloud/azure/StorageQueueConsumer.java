package io.pythia.cloud.azure;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Consumes a queue of Azure Storage. What is rejected, or was taken too often, goes to {@code <queue>-poison}, which is made when it is
 * needed.
 *
 * <pre>{@code
 * StorageQueueConsumer consumer = StorageQueueConsumer.builder()
 *         .queueName("background-tasks").visibilityTimeout(Duration.ofSeconds(30)).messageCount(32)
 *         .config(AzureConfig.of(connectionString)).build();
 * }</pre>
 */
public final class StorageQueueConsumer extends AbstractMessageBroker<StorageQueueRecord> {
    private final StorageQueueConsumerSettings settings;

    private StorageQueueConsumer(Builder builder, String queue, @Nullable String poisonQueue) {
        super(
                "storage-queue:" + queue,
                StorageQueueBrokerProvider.capabilities(builder.envelope, poisonQueue != null),
                builder);
        this.settings = builder.settings(name(), queue, poisonQueue);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<StorageQueueRecord> newDriver() {
        return new StorageQueueReceiver(settings);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final int MOST_MESSAGES = 32;
        private static final int DEFAULT_ATTEMPTS = 5;
        private static final String POISON = "-poison";

        private @Nullable String queueName;
        private AzureConfig config = AzureConfig.defaults();
        private Duration visibilityTimeout = Duration.ofSeconds(30);
        private int messageCount = MOST_MESSAGES;
        private Duration minPollInterval = Duration.ofMillis(100);
        private Duration maxPollInterval = Duration.ofSeconds(5);
        private QueueEncoding encoding = QueueEncoding.BASE64;
        private boolean envelope;
        private boolean createQueue;
        private boolean poison = true;
        private @Nullable String poisonQueue;

        private Builder() {
            options(options().withMaxAttempts(DEFAULT_ATTEMPTS));
        }

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

        /** Sets for how long a message is invisible to others; it is extended at each third of it. 1 s to 7 days. Default: 30 s. */
        public Builder visibilityTimeout(Duration time) {
            if (time.compareTo(Duration.ofSeconds(1)) < 0 || time.compareTo(Duration.ofDays(7)) > 0) {
                throw new IllegalArgumentException("visibilityTimeout must be between 1 s and 7 days, but is " + time);
            }
            this.visibilityTimeout = time;
            return this;
        }

        /** Sets how many messages one request asks for, 1 to 32. Default: 32. */
        public Builder messageCount(int messages) {
            if (messages < 1 || messages > MOST_MESSAGES) {
                throw new IllegalArgumentException(
                        "messageCount must be between 1 and " + MOST_MESSAGES + ", but is " + messages);
            }
            this.messageCount = messages;
            return this;
        }

        /** Sets the first pause when the queue is empty; each further one is twice as long. Default: 100 ms. */
        public Builder minPollInterval(Duration time) {
            this.minPollInterval = positive("minPollInterval", time);
            return this;
        }

        /** Sets the longest pause while the queue is empty. Default: 5 s. */
        public Builder maxPollInterval(Duration time) {
            this.maxPollInterval = positive("maxPollInterval", time);
            return this;
        }

        private static Duration positive(String name, Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException(name + " must be more than zero, but is " + time);
            }
            return time;
        }

        /** Sets how bodies were made texts; a message that is none of it goes to the poison queue as it is. Default: BASE64. */
        public Builder encoding(QueueEncoding encoding) {
            this.encoding = Objects.requireNonNull(encoding, "encoding");
            return this;
        }

        /** Sets whether messages come in this library's envelope, with id, key and headers. Default: false. */
        public Builder envelope(boolean envelope) {
            this.envelope = envelope;
            return this;
        }

        /** Sets whether the queue is made if it is missing. Default: false. */
        public Builder createQueue(boolean create) {
            this.createQueue = create;
            return this;
        }

        /** Sets how often a message is taken before it goes to the poison queue: another word for {@code maxAttempts}. Default: 5. */
        public Builder maxDequeueCount(int count) {
            return options(options().withMaxAttempts(count));
        }

        /** Sets where poison messages go. Default: {@code <queue>-poison}; with {@code deadLetter} there instead. */
        public Builder poisonQueue(String name) {
            this.poisonQueue = StorageQueueClients.checkName("poisonQueue", name);
            return this;
        }

        /** Leaves poison messages to {@code onReject}. */
        public Builder withoutPoisonQueue() {
            this.poison = false;
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public StorageQueueConsumer build() {
            StorageQueueClients.check(config);
            String queue = queueName;
            if (queue == null) {
                throw new IllegalArgumentException("queueName must be set");
            }
            if (maxPollInterval.compareTo(minPollInterval) < 0) {
                throw new IllegalArgumentException("maxPollInterval must not be shorter than minPollInterval");
            }
            if (!poison || hasDeadLetter()) {
                return new StorageQueueConsumer(this, queue, null);
            }
            return new StorageQueueConsumer(
                    this,
                    queue,
                    poisonQueue == null ? StorageQueueClients.checkName("queueName", queue + POISON) : poisonQueue);
        }

        private StorageQueueConsumerSettings settings(String name, String queue, @Nullable String poisonQueue) {
            return new StorageQueueConsumerSettings(
                    name,
                    queue,
                    config,
                    new StorageQueueClients(name, config),
                    visibilityTimeout,
                    messageCount,
                    minPollInterval,
                    maxPollInterval,
                    encoding,
                    envelope,
                    createQueue,
                    poisonQueue,
                    options().maxAttempts());
        }
    }
}
