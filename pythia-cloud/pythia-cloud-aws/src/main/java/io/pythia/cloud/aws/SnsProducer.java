package io.pythia.cloud.aws;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.SendDriver;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Publishes to an SNS topic, standard or FIFO, in requests of up to ten messages.
 *
 * <pre>{@code
 * SnsProducer producer = SnsProducer.builder()
 *         .topicArn("arn:aws:sns:us-east-1:123456789012:my-topic")
 *         .messageAttribute("event_type", MessageAttribute.string("order")).build();
 * }</pre>
 */
public final class SnsProducer extends AbstractMessageProducer {
    /** What SNS takes of a message, and of a request: 256 KiB. */
    static final long MAX_BYTES = 256 << 10;

    private static final int MAX_SUBJECT = 100;

    private final SnsSender.Settings settings;
    private final long maxMessageBytes;

    private SnsProducer(Builder builder, TopicArn topic) {
        super("sns:" + topic.name(), builder);
        this.settings = builder.settings(topic);
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
                        settings.topic().isFifo()),
                new SnsSender(settings));
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        String subject = message.headers().get(SnsEnvelope.SUBJECT);
        if (subject != null && !isSubject(subject)) {
            return new MessageException(
                    name() + ": the header " + SnsEnvelope.SUBJECT + " is no subject that SNS takes:"
                            + " 1 to 100 characters without line breaks and control characters");
        }
        return BatchSender.tooLarge(name(), message, maxMessageBytes);
    }

    private static boolean isSubject(String text) {
        return !text.isBlank() && text.length() <= MAX_SUBJECT && text.chars().noneMatch(Character::isISOControl);
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private final Map<String, MessageAttribute> attributes = new LinkedHashMap<>();
        private @Nullable TopicArn topic;
        private AwsConfig config = AwsConfig.defaults();
        private @Nullable String subject;
        private boolean jsonStructure;
        private String messageGroup = SqsMessages.NO_KEY_GROUP;
        private boolean contentBasedDeduplication;
        private long maxMessageBytes = MAX_BYTES;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic. Required. */
        public Builder topicArn(String arn) {
            this.topic = TopicArn.parse(arn);
            return this;
        }

        /** Sets how to reach AWS. Default: {@link AwsConfig#defaults()}. */
        public Builder config(AwsConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets the attributes that every message gets, unless it has a header of that name; at most 9. Default: none. */
        public Builder messageAttributes(Map<String, MessageAttribute> values) {
            attributes.clear();
            values.forEach(this::messageAttribute);
            return this;
        }

        /** Sets one more attribute that every message gets; see {@link #messageAttributes}. */
        public Builder messageAttribute(String name, MessageAttribute value) {
            BatchSender.addAttribute(attributes, name, value);
            return this;
        }

        /** Sets the subject of messages that have none in the header {@code aws-sns-subject}, up to 100 characters. Default: none. */
        public Builder subject(String subject) {
            if (!isSubject(subject)) {
                throw new IllegalArgumentException(
                        "subject must have 1 to 100 characters, without line breaks and control characters");
            }
            this.subject = subject;
            return this;
        }

        /**
         * Sets whether bodies are JSON objects with a text for each protocol, {@code {"default": "...", "sqs": "..."}};
         * {@code MessageStructure}. Default: false.
         */
        public Builder jsonStructure(boolean value) {
            this.jsonStructure = value;
            return this;
        }

        /** Sets the message group, on a FIFO topic, of messages without a key. Default: one for all of them. */
        public Builder messageGroup(String group) {
            this.messageGroup = SqsProducer.Builder.checkGroup(group);
            return this;
        }

        /**
         * Sets whether a FIFO topic recognises a message sent twice by its body, as the topic then must be set to, rather than by its id.
         * Default: false.
         */
        public Builder contentBasedDeduplication(boolean value) {
            this.contentBasedDeduplication = value;
            return this;
        }

        /** Sets the most bytes that a message may have, with its attributes. Default: 256 KiB, what SNS takes. */
        public Builder maxMessageBytes(long bytes) {
            this.maxMessageBytes = BatchSender.checkMaxBytes(bytes, MAX_BYTES);
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if the topic is missing
         */
        public SnsProducer build() {
            if (topic == null) {
                throw new IllegalArgumentException("topicArn must be set");
            }
            return new SnsProducer(this, topic);
        }

        private SnsSender.Settings settings(TopicArn arn) {
            return new SnsSender.Settings(
                    config,
                    arn,
                    Map.copyOf(attributes),
                    subject,
                    jsonStructure,
                    messageGroup,
                    contentBasedDeduplication);
        }
    }
}
