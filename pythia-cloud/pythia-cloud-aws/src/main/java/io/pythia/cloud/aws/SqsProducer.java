package io.pythia.cloud.aws;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends to an SQS queue, standard or FIFO, in requests of up to ten messages.
 *
 * <pre>{@code
 * SqsProducer producer = SqsProducer.builder()
 *         .queueUrl("https://sqs.us-east-1.amazonaws.com/123456789012/my-queue").build();
 * }</pre>
 */
public final class SqsProducer extends AbstractMessageProducer {
    /** What SQS takes of a message, and of a request: 1 MiB. */
    static final long MAX_BYTES = 1 << 20;

    static final Duration LONGEST_DELAY = Duration.ofMinutes(15);

    private final SqsSender.Settings settings;
    private final long maxMessageBytes;

    private SqsProducer(Builder builder, QueueAddress queue) {
        super("sqs:" + queue.name(), builder);
        this.settings = builder.settings(name(), queue);
        this.maxMessageBytes = builder.maxMessageBytes;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new BatchSender(
                new BatchSender.Rules(
                        name(),
                        settings.config(),
                        options(),
                        maxMessageBytes,
                        settings.queue().isFifo()),
                new SqsSender(settings));
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        return BatchSender.tooLarge(name(), message, maxMessageBytes);
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private final QueueChoice queue = new QueueChoice();
        private final Map<String, MessageAttribute> attributes = new LinkedHashMap<>();
        private AwsConfig config = AwsConfig.defaults();
        private @Nullable Function<Message, @Nullable Duration> delay;
        private String messageGroup = SqsMessages.NO_KEY_GROUP;
        private boolean contentBasedDeduplication;
        private long maxMessageBytes = MAX_BYTES;
        private MissingQueue missingQueue = MissingQueue.FAIL;

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

        /**
         * Sets for how long SQS keeps each message back, up to 15 minutes; {@code DelaySeconds}. Parts of a second are rounded up. Not on
         * a FIFO queue. Default: the queue's own.
         */
        public Builder delay(Duration delay) {
            if (delay.isNegative() || delay.compareTo(LONGEST_DELAY) > 0) {
                throw new IllegalArgumentException("delay must be between 0 and 15 minutes, but is " + delay);
            }
            return delay(message -> delay);
        }

        /** Sets how the delay of a message is found; null for the queue's own, more than 15 minutes counts as these. */
        public Builder delay(Function<Message, @Nullable Duration> delay) {
            this.delay = Objects.requireNonNull(delay, "delay");
            return this;
        }

        /** Sets the message group, on a FIFO queue, of messages without a key. Default: one for all of them. */
        public Builder messageGroup(String group) {
            this.messageGroup = checkGroup(group);
            return this;
        }

        static String checkGroup(String group) {
            if (!SqsMessages.isToken(group)) {
                throw new IllegalArgumentException(
                        "messageGroup must have up to 128 letters, digits and punctuation characters of ASCII");
            }
            return group;
        }

        /**
         * Sets whether a FIFO queue recognises a message sent twice by its body, as the queue then must be set to, rather than by its id.
         * Default: false.
         */
        public Builder contentBasedDeduplication(boolean value) {
            this.contentBasedDeduplication = value;
            return this;
        }

        /** Sets an attribute that every message gets, unless it has a header of that name. Default: none. */
        public Builder messageAttribute(String name, MessageAttribute value) {
            BatchSender.addAttribute(attributes, name, value);
            return this;
        }

        /** Sets the most bytes that a message may have, with its attributes. Default: 1 MiB, what SQS takes. */
        public Builder maxMessageBytes(long bytes) {
            this.maxMessageBytes = BatchSender.checkMaxBytes(bytes, MAX_BYTES);
            return this;
        }

        /** Sets what happens when the queue does not exist. Default: sends end with an error. */
        public Builder missingQueue(MissingQueue policy) {
            this.missingQueue = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing, or does not fit together
         */
        public SqsProducer build() {
            QueueAddress address = queue.address();
            if (delay != null && address.isFifo()) {
                throw new IllegalArgumentException(
                        "delay can't be set for the messages of a FIFO queue, only on the queue");
            }
            return new SqsProducer(this, address);
        }

        private SqsSender.Settings settings(String name, QueueAddress address) {
            return new SqsSender.Settings(
                    name,
                    config,
                    address,
                    delay == null ? message -> null : delay,
                    messageGroup,
                    contentBasedDeduplication,
                    Map.copyOf(attributes),
                    missingQueue);
        }
    }
}
