package io.pythia.cloud.aws;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Consumes an SQS queue, standard or FIFO.
 *
 * <pre>{@code
 * SqsConsumer consumer = SqsConsumer.builder()
 *         .queueUrl("https://sqs.us-east-1.amazonaws.com/123456789012/my-queue").maxMessages(10).build();
 * }</pre>
 */
public final class SqsConsumer extends AbstractMessageBroker<SqsMessage> {
    private final SqsConsumerSettings settings;

    private SqsConsumer(Builder builder, QueueAddress queue) {
        super("sqs:" + queue.name(), SqsBrokerProvider.capabilities(queue.isFifo()), builder);
        this.settings = builder.settings(name(), queue);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<SqsMessage> newDriver() {
        return new SqsReceiver(settings);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final int MOST_AT_ONCE = 10;
        private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);
        private static final Duration LONGEST_VISIBILITY = Duration.ofHours(12);

        private final QueueChoice queue = new QueueChoice();
        private AwsConfig config = AwsConfig.defaults();
        private int maxMessages = MOST_AT_ONCE;
        private Duration waitTime = LONGEST_WAIT;
        private Duration visibilityTimeout = Duration.ofSeconds(30);
        private int pollers = 4;
        private Duration ackPause = Duration.ofMillis(50);
        private MissingQueue missingQueue = MissingQueue.FAIL;
        private boolean unwrapSns = true;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the queue by its URL. This or {@code queueName} is required. An endpoint that is not that of a region is taken from it. */
        public Builder queueUrl(String url) {
            queue.url(url);
            return this;
        }

        /** Sets the queue by its name; a FIFO queue's ends with {@code .fifo}. */
        public Builder queueName(String name) {
            queue.name(name);
            return this;
        }

        /** Sets the account, 12 digits, that the queue called {@code queueName} belongs to. Default: the caller's own. */
        public Builder queueOwner(String account) {
            queue.owner(account);
            return this;
        }

        /** Sets how to reach AWS. Default: {@link AwsConfig#defaults()}. */
        public Builder config(AwsConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets how many messages one receive asks for at most, 1 to 10; {@code MaxNumberOfMessages}. Default: 10. */
        public Builder maxMessages(int count) {
            require(count >= 1 && count <= MOST_AT_ONCE, "maxMessages must be between 1 and 10, but is " + count);
            this.maxMessages = count;
            return this;
        }

        /**
         * Sets how long a receive waits for the first message, whole seconds from 1 to 20; {@code WaitTimeSeconds}. {@code disconnect()}
         * waits for a receive that is under way, up to the close timeout. Default: 20 s.
         */
        public Builder waitTime(Duration time) {
            requireSeconds("waitTime", time, Duration.ofSeconds(1), LONGEST_WAIT);
            this.waitTime = time;
            return this;
        }

        /**
         * Sets for how long SQS reserves a message, whole seconds up to 12 h; {@code VisibilityTimeout}. While a message is unsettled
         * the engine extends it each third of that time, up to {@code maxLease}. Default: 30 s.
         */
        public Builder visibilityTimeout(Duration time) {
            requireSeconds("visibilityTimeout", time, Duration.ofSeconds(1), LONGEST_VISIBILITY);
            this.visibilityTimeout = time;
            return this;
        }

        /** Sets how many receives may be under way at once, while they bring something; an idle queue has one. Default: 4. */
        public Builder pollers(int count) {
            require(count >= 1, "pollers must be at least 1, but is " + count);
            this.pollers = count;
            return this;
        }

        /**
         * Sets how long an acknowledgement may wait for others to share a request with, which is what SQS charges for. It does not wait
         * when there are ten, or when the application has nothing else to acknowledge. Default: 50 ms.
         */
        public Builder ackPause(Duration time) {
            require(!time.isNegative(), "ackPause must not be negative, but is " + time);
            this.ackPause = time;
            return this;
        }

        /** Sets what happens when the queue does not exist. Default: the stream ends with an error. */
        public Builder missingQueue(MissingQueue policy) {
            this.missingQueue = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets whether the envelope of a message that came by SNS without raw delivery is opened. Default: true. */
        public Builder unwrapSns(boolean value) {
            this.unwrapSns = value;
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing, or does not fit together
         */
        public SqsConsumer build() {
            QueueAddress address = queue.address();
            int needed = 2 * pollers + 3;
            require(
                    pollers == 1 || needed <= config.maxConnections(),
                    "pollers must be fewer, or maxConnections at least " + needed
                            + ": a receive, what settles its messages, and the rest need connections");
            return new SqsConsumer(this, address);
        }

        private SqsConsumerSettings settings(String name, QueueAddress address) {
            return new SqsConsumerSettings(
                    name,
                    config,
                    address,
                    maxMessages,
                    waitTime,
                    visibilityTimeout,
                    pollers,
                    ackPause,
                    missingQueue,
                    unwrapSns,
                    options().closeTimeout(),
                    new UnseenReceives());
        }

        private static void require(boolean ok, @Nullable String problem) {
            if (!ok) {
                throw new IllegalArgumentException(problem);
            }
        }

        private static void requireSeconds(String name, Duration time, Duration least, Duration most) {
            require(
                    time.getNano() == 0 && time.compareTo(least) >= 0 && time.compareTo(most) <= 0,
                    name + " must be whole seconds, " + least.toSeconds() + " to " + most.toSeconds() + ", but is "
                            + time);
        }
    }
}
