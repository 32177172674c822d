package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.models.AbandonOptions;
import com.azure.messaging.servicebus.models.DeferOptions;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.Outcome;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Consumes a queue of Azure Service Bus, or a subscription of a topic, with peek-lock.
 *
 * <pre>{@code
 * ServiceBusConsumer consumer = ServiceBusConsumer.builder()
 *         .queueName("orders").maxMessages(32).maxWaitTime(Duration.ofSeconds(5))
 *         .config(AzureConfig.of(connectionString)).build();
 * }</pre>
 */
public final class ServiceBusConsumer extends AbstractMessageBroker<ServiceBusRecord> {
    private final ServiceBusConsumerSettings settings;

    private ServiceBusConsumer(Builder builder, ServiceBusEntity entity) {
        super("servicebus:" + entity.path(), ServiceBusBrokerProvider.capabilities(builder.sessions > 0), builder);
        this.settings = builder.settings(name(), entity);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<ServiceBusRecord> newDriver() {
        return new ServiceBusReceiver(settings);
    }

    /**
     * Puts a message off: it stays in the queue, and comes only when {@link #fetchDeferred} asks for it by its number. Settles the message,
     * as {@link Message#ack()} does otherwise.
     *
     * @throws IllegalArgumentException if it is no message of Service Bus
     */
    public CompletableFuture<Settled> defer(Message message) {
        return settle(message, Outcome.ACK, new DeferOptions());
    }

    /**
     * Gives a message back as not processed, with application properties that it has from then on, beside those that it had, also among the
     * dead letters: for instance how far it got. Settles the message, as {@link Message#nack()} does otherwise; a message is settled once.
     *
     * @param properties text, numbers, a {@link Boolean}, {@link Character}, {@link java.util.UUID}, {@link java.util.Date}, {@link
     *     java.time.Instant} (in milliseconds) or {@code byte[]} by name; not null, no name empty
     * @throws IllegalArgumentException if a property can't be carried, or if it is no message of Service Bus
     */
    public CompletableFuture<Settled> abandon(Message message, Map<String, ?> properties) {
        return settle(
                message,
                Outcome.NACK,
                new AbandonOptions().setPropertiesToModify(ServiceBusMessages.modification(properties)));
    }

    /** By the engine, which sees to it that it is done once, and ends the renewal of its lock. */
    private static CompletableFuture<Settled> settle(Message message, Outcome outcome, Object options) {
        return message.unwrap(ServiceBusReceivedMessage.class)
                .flatMap(ours -> message.unwrap(Settler.class))
                .orElseThrow(Builder::notOurs)
                .settle(outcome, options);
    }

    /**
     * Returns the number that the queue has given a message, by which a deferred one is found again.
     *
     * @throws IllegalArgumentException if it is no message of Service Bus
     */
    public static long sequenceNumber(Message message) {
        return message.unwrap(ServiceBusReceivedMessage.class)
                .orElseThrow(Builder::notOurs)
                .getSequenceNumber();
    }

    /**
     * Asks for a message that was put off: it comes to the subscriber as others do. The future fails with a {@link BrokerException} if the
     * consumer is not connected or does not hold the session, and is false if there is no such message.
     *
     * @param sessionId the session of the message, null on a queue without sessions
     */
    public CompletableFuture<Boolean> fetchDeferred(@Nullable String sessionId, long sequenceNumber) {
        ServiceBusReceiver current = receiver();
        if (current == null) {
            return CompletableFuture.failedFuture(notConnected());
        }
        return translated(
                        "fetching a deferred message",
                        current.fetchDeferred(sessionId, sequenceNumber).toFuture())
                .thenApply(Boolean.TRUE::equals);
    }

    /**
     * Returns the state that was stored with a session that this consumer holds, null if there is none. The future fails with a
     * {@link BrokerException} if it does not hold the session.
     */
    public CompletableFuture<byte @Nullable []> sessionState(String sessionId) {
        return onSession(sessionId, link -> link.receiver().getSessionState());
    }

    /** Stores a state with a session that this consumer holds; null removes it. Fails like {@link #sessionState}. */
    public CompletableFuture<@Nullable Void> setSessionState(String sessionId, byte @Nullable [] state) {
        return onSession(sessionId, link -> link.receiver().setSessionState(state));
    }

    private <T> CompletableFuture<@Nullable T> onSession(String sessionId, Function<ServiceBusLink, Mono<T>> action) {
        ServiceBusReceiver current = receiver();
        ServiceBusLink link = current == null || settings.sessions() == 0 ? null : current.linkOf(sessionId);
        if (link == null) {
            return CompletableFuture.failedFuture(
                    new BrokerException(name() + " does not hold the session " + sessionId));
        }
        return translated("the state of a session", action.apply(link).toFuture());
    }

    private <T extends @Nullable Object> CompletableFuture<T> translated(String doing, CompletableFuture<T> future) {
        CompletableFuture<T> result = new CompletableFuture<>();
        future.whenComplete((value, error) -> {
            if (error == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(AzureErrors.translate(name() + ": " + doing, error));
            }
        });
        return result;
    }

    private BrokerException notConnected() {
        return new BrokerException(name() + " is not connected");
    }

    /** Returns the open session's driver, or null. */
    @Nullable
    ServiceBusReceiver receiver() {
        return driver() instanceof ServiceBusReceiver receiver ? receiver : null;
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final int DEFAULT_BATCH = 32;
        private static final int MOST_PREFETCHED = 5_000;

        private @Nullable String queueName;
        private @Nullable String topicName;
        private @Nullable String subscriptionName;
        private SubQueue subQueue = SubQueue.NONE;
        private AzureConfig config = AzureConfig.defaults();
        private Duration maxWaitTime = Duration.ofSeconds(5);
        private int prefetchCount;
        private Duration lockDuration = Duration.ofSeconds(30);
        private int sessions;
        private @Nullable String sessionId;
        private Duration silentAfter = Duration.ofSeconds(60);

        private Builder() {
            options(options().withBatchSize(DEFAULT_BATCH));
        }

        @Override
        protected Builder self() {
            return this;
        }

        private static IllegalArgumentException notOurs() {
            return new IllegalArgumentException("this is no message of Service Bus");
        }

        /** Sets the queue. This, or topic and subscription, is required, unless the connection string names one. */
        public Builder queueName(String name) {
            this.queueName = ServiceBusEntity.check("queueName", name);
            return this;
        }

        /** Sets the topic. It needs a subscription. */
        public Builder topicName(String name) {
            this.topicName = ServiceBusEntity.check("topicName", name);
            return this;
        }

        /** Sets the subscription of the topic. */
        public Builder subscriptionName(String name) {
            this.subscriptionName = ServiceBusEntity.check("subscriptionName", name);
            return this;
        }

        /** Sets the part of the queue that is consumed, for instance its dead letters. Default: the queue itself. */
        public Builder subQueue(SubQueue subQueue) {
            this.subQueue = Objects.requireNonNull(subQueue, "subQueue");
            return this;
        }

        /** Sets how to reach the service. Required. */
        public Builder config(AzureConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets how many messages are taken from the client at once, at most: another word for {@code batchSize}. Default: 32. */
        public Builder maxMessages(int messages) {
            return options(options().withBatchSize(messages));
        }

        /** Sets how long one receive waits, and for how long a session without messages is kept. Default: 5 s. */
        public Builder maxWaitTime(Duration time) {
            this.maxWaitTime = positive("maxWaitTime", time);
            return this;
        }

        /**
         * Sets how many messages are asked for beyond what the application has requested; their locks are renewed while they wait here, for
         * {@code maxLease} at most, and those whose lock has ended are dropped. Default: 0.
         */
        public Builder prefetchCount(int messages) {
            if (messages < 0 || messages > MOST_PREFETCHED) {
                throw new IllegalArgumentException(
                        "prefetchCount must be between 0 and " + MOST_PREFETCHED + ", but is " + messages);
            }
            this.prefetchCount = messages;
            return this;
        }

        /**
         * Sets the longest time in which locks are taken to end; they are renewed at each third of it, or of the queue's own lock time if
         * that was seen to be shorter. Default: 30 s.
         */
        public Builder lockDuration(Duration time) {
            this.lockDuration = positive("lockDuration", time);
            return this;
        }

        /** Sets how many sessions are held at a time; 0 for a queue without sessions. Default: 0. */
        public Builder sessions(int atOnce) {
            if (atOnce < 0) {
                throw new IllegalArgumentException("sessions must not be negative, but is " + atOnce);
            }
            this.sessions = atOnce;
            return this;
        }

        /** Sets the only session that is consumed. Default: any. */
        public Builder sessionId(String id) {
            if (id.isEmpty() || id.length() > ServiceBusMessages.MAX_NAME) {
                throw new IllegalArgumentException(
                        "sessionId must have 1 to " + ServiceBusMessages.MAX_NAME + " characters");
            }
            this.sessionId = id;
            this.sessions = 1;
            return this;
        }

        /**
         * Sets after which silence the queue is looked at; if it has messages, a new receiver takes the place of the silent one. Default:
         * 60 s.
         */
        public Builder silentAfter(Duration time) {
            this.silentAfter = positive("silentAfter", time);
            return this;
        }

        private static Duration positive(String name, Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException(name + " must be more than zero, but is " + time);
            }
            return time;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public ServiceBusConsumer build() {
            String named =
                    ServiceBusEntity.of(config, queueName != null ? queueName : topicName, "queueName or topicName");
            if ((topicName == null) != (subscriptionName == null) || (queueName != null && topicName != null)) {
                throw new IllegalArgumentException(
                        "either queueName must be set, or topicName and subscriptionName together");
            }
            if (sessionId != null && sessions != 1) {
                throw new IllegalArgumentException("sessionId is one session: sessions must be 1, but is " + sessions);
            }
            if (sessions > 0 && subQueue != SubQueue.NONE) {
                throw new IllegalArgumentException("subQueue has no sessions");
            }
            return new ServiceBusConsumer(this, new ServiceBusEntity(named, subscriptionName, subQueue));
        }

        private ServiceBusConsumerSettings settings(String name, ServiceBusEntity entity) {
            return new ServiceBusConsumerSettings(
                    name,
                    config,
                    entity,
                    maxWaitTime,
                    prefetchCount,
                    lockDuration,
                    options().maxLease(),
                    sessions,
                    sessionId,
                    new SilenceWatch(silentAfter));
        }
    }
}
