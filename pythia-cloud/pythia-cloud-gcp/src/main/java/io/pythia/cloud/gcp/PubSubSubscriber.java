package io.pythia.cloud.gcp;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Consumes a subscription of Google Cloud Pub/Sub. Consumers of one subscription share its messages. Thread-safe. */
public final class PubSubSubscriber extends AbstractMessageBroker<PubSubMessage> {
    private final PubSubSubscriberSettings settings;

    private PubSubSubscriber(Builder builder, String subscription) {
        super("pubsub:" + ResourceNames.id(subscription), PubSubBrokerProvider.CAPABILITIES, builder);
        this.settings = new PubSubSubscriberSettings(
                name(),
                subscription,
                builder.config,
                options().connectTimeout(),
                Math.min(builder.maxMessages, options().maxInFlight()),
                options().maxInFlightBytes(),
                builder.ackDeadline,
                options().maxLease(),
                new Attempts());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the full name of the subscription: {@code projects/<project>/subscriptions/<id>}. */
    public String subscriptionName() {
        return settings.subscription();
    }

    @Override
    protected ReceiveDriver<PubSubMessage> newDriver() {
        return new PubSubReceiver(settings);
    }

    /** Builds subscribers. Beside what all consumers have: the subscription, and how many of its messages are reserved. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final Duration MIN_DEADLINE = Duration.ofSeconds(10);
        private static final Duration MAX_DEADLINE = Duration.ofMinutes(10);

        private @Nullable String subscriptionName;
        private int maxMessages = 1_000;
        private Duration ackDeadline = Duration.ofMinutes(1);
        private GcpConfig config = GcpConfig.defaults();

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /**
         * Sets the subscription: {@code projects/<project>/subscriptions/<id>}, or the id alone, with the project of the configuration.
         * Required.
         */
        public Builder subscriptionName(String name) {
            this.subscriptionName = Objects.requireNonNull(name, "name");
            return this;
        }

        /**
         * Sets how many messages may be outstanding: prefetched, or with the application and unsettled; {@code max_outstanding_messages} of
         * the stream. Not more than {@code maxInFlight} are; their bytes are limited by {@code maxInFlightBytes}. Default: 1,000.
         */
        public Builder maxMessages(int messages) {
            if (messages < 1) {
                throw new IllegalArgumentException("maxMessages must be at least 1, but is " + messages);
            }
            this.maxMessages = messages;
            return this;
        }

        /**
         * Sets for how long a message is reserved, in whole seconds from 10 s to 600 s; {@code stream_ack_deadline_seconds}. It is extended
         * as long as the message is unsettled, up to {@code maxLease}: this is how soon another consumer gets the messages of one that
         * has died. Default: 60 s.
         */
        public Builder ackDeadline(Duration deadline) {
            if (deadline.compareTo(MIN_DEADLINE) < 0
                    || deadline.compareTo(MAX_DEADLINE) > 0
                    || deadline.toNanosPart() != 0) {
                throw new IllegalArgumentException(
                        "ackDeadline must be between 10 s and 600 s, in whole seconds, but is " + deadline);
            }
            this.ackDeadline = deadline;
            return this;
        }

        /** Sets how to reach the service. Default: {@link GcpConfig#defaults()}. */
        public Builder config(GcpConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Returns a subscriber, not connected.
         *
         * @throws IllegalArgumentException if the subscription is missing, is no name, or has no project
         */
        public PubSubSubscriber build() {
            if (subscriptionName == null) {
                throw new IllegalArgumentException("subscriptionName must be set");
            }
            return new PubSubSubscriber(
                    this,
                    ResourceNames.full(
                            "subscriptionName", ResourceNames.SUBSCRIPTIONS, config.projectId(), subscriptionName));
        }
    }
}
