package io.pythia.spi;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.RejectPolicy;
import io.pythia.internal.DeadLetters;
import io.pythia.internal.Events;
import io.pythia.internal.ReceiveEngine;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A consumer: the engine around a connector's {@link ReceiveDriver}. A connector extends it with its builder and with what only its
 * broker has.
 *
 * @param <R> the receipt of the driver
 */
public abstract class AbstractMessageBroker<R> implements MessageBroker, IntakeControl {
    private final String name;
    private final Capabilities capabilities;
    private final ConsumerOptions options;
    private final Events events;
    private final @Nullable Supplier<DeadLetters> deadLetters;
    private @Nullable ReceiveEngine<R> engine;
    private boolean disconnected;

    /**
     * Creates one, not connected.
     *
     * @param name the connector's name and the source, for instance {@code kafka:orders}
     * @param capabilities what the connector can do
     * @param builder what the application chose
     */
    protected AbstractMessageBroker(String name, Capabilities capabilities, Builder<?> builder) {
        this(name, capabilities, builder, builder.options());
    }

    /**
     * Creates one, not connected, of a connector that has to add to what the application chose.
     *
     * @param options the options to use in place of those of the builder
     */
    protected AbstractMessageBroker(
            String name, Capabilities capabilities, Builder<?> builder, ConsumerOptions options) {
        this.name = name;
        this.capabilities = capabilities;
        this.options = options;
        this.events = new Events(name, builder.listener, builder.metrics);
        this.deadLetters = builder.deadLetters;
    }

    /** Returns a new driver for a new session; called for every attempt to connect, and must not block. */
    protected abstract ReceiveDriver<R> newDriver();

    /** Returns the driver of the session that is open now, or null; for what only this broker has. */
    protected final @Nullable ReceiveDriver<R> driver() {
        ReceiveEngine<R> current = engine();
        return current == null ? null : current.driver();
    }

    /** Returns where the driver tells of what the engine can't see: gaps in the source. The log is told as well as the listener. */
    protected final BrokerListener listener() {
        return new BrokerListener() {
            @Override
            public void dataLoss(String broker, Gap gap) {
                events.dataLoss(gap);
            }
        };
    }

    /** Returns the options. */
    protected final ConsumerOptions options() {
        return options;
    }

    /** Returns what the connector can do. */
    public final Capabilities capabilities() {
        return capabilities;
    }

    @Override
    public final String name() {
        return name;
    }

    private synchronized @Nullable ReceiveEngine<R> engine() {
        return engine;
    }

    /** Returns the connection; makes a new one if there is none, or if the last one has ended. */
    private synchronized ReceiveEngine<R> engineToConnect() {
        ReceiveEngine<R> current = engine;
        if (current == null || current.isEnded()) {
            current = newEngine();
            engine = current;
            disconnected = false;
        }
        return current;
    }

    private ReceiveEngine<R> newEngine() {
        DeadLetters letters = deadLetters == null ? null : deadLetters.get();
        return new ReceiveEngine<>(events, capabilities, options, letters, this::newDriver);
    }

    @Override
    public CompletableFuture<Void> connect() {
        return engineToConnect().connect();
    }

    @Override
    public Flow.Publisher<Message> consume() {
        return subscriber -> subscribe(Objects.requireNonNull(subscriber, "subscriber"));
    }

    private void subscribe(Flow.Subscriber<? super Message> subscriber) {
        ReceiveEngine<R> current;
        synchronized (this) {
            if (engine == null && !disconnected) {
                engine = newEngine();
            }
            current = engine == null ? newEngineThatIsClosed() : engine;
        }
        current.subscribe(subscriber);
    }

    /** Refuses a subscriber in the way in which every other refusal is made. */
    private ReceiveEngine<R> newEngineThatIsClosed() {
        ReceiveEngine<R> closed = newEngine();
        closed.disconnect();
        return closed;
    }

    @Override
    public final void stopIntake() {
        ReceiveEngine<R> current = engine();
        if (current != null) {
            current.stopIntake();
        }
    }

    /** Where the broker has leases, that is as long as the engine extends them; a connector may know of another limit. */
    @Override
    public @Nullable Duration longestHold() {
        return capabilities.leases() ? options.maxLease() : null;
    }

    @Override
    public final boolean takesBack() {
        return capabilities.guarantee() == Capabilities.Guarantee.AT_LEAST_ONCE;
    }

    @Override
    public final void deadLettered(Message message, String reason) {
        events.tell(l -> l.deadLettered(name, message, reason));
    }

    @Override
    public CompletableFuture<Health> healthCheck() {
        ReceiveEngine<R> current = engine();
        return current == null
                ? CompletableFuture.completedFuture(new Health(Health.Status.DOWN, "not connected", Map.of()))
                : current.healthCheck();
    }

    @Override
    public CompletableFuture<Void> disconnect() {
        ReceiveEngine<R> current;
        synchronized (this) {
            disconnected = true;
            current = engine;
        }
        return current == null ? CompletableFuture.completedFuture(null) : current.disconnect();
    }

    @Override
    public void close() {
        Closing.await(disconnect(), options.closeTimeout());
    }

    @Override
    public String toString() {
        return name;
    }

    /**
     * What the builders of all consumers have.
     *
     * @param <B> the connector's builder
     */
    public abstract static class Builder<B extends Builder<B>> {
        private ConsumerOptions options = ConsumerOptions.defaults();
        private BrokerListener listener = BrokerListener.NONE;
        private BrokerMetrics metrics = BrokerMetrics.NONE;
        private @Nullable Supplier<DeadLetters> deadLetters;

        /** Creates one with the defaults of {@link ConsumerOptions}. */
        protected Builder() {}

        /** Returns this builder as what it is. */
        protected abstract B self();

        /** Returns the options as they are now. */
        protected final ConsumerOptions options() {
            return options;
        }

        /** Sets all options at once. */
        public final B options(ConsumerOptions options) {
            this.options = Objects.requireNonNull(options, "options");
            return self();
        }

        /**
         * Sets all options from settings, those that are not set as they are now, and the listener and the metrics that the application gave
         * to {@link io.pythia.Brokers}. Every connector's provider calls it.
         */
        public final B options(SettingsReader settings) {
            listener(settings.listener());
            metrics(settings.metrics());
            return options(settings.bind(options));
        }

        /** Sets how a lost connection is sought again. Default: for ever, with pauses of up to 2 s. */
        public final B retry(RetryConfig retry) {
            return options(options.with(retry));
        }

        /** Sets what {@code connect()} does while the broker is away. Default: fail at the first error. */
        public final B connectPolicy(ConnectPolicy policy) {
            return options(options.with(policy));
        }

        /** Sets how long one attempt to connect may take. Default: 10 s. */
        public final B connectTimeout(Duration timeout) {
            return options(options.withConnectTimeout(timeout));
        }

        /** Sets how long {@code disconnect()} waits for what is in flight. Default: 10 s. */
        public final B closeTimeout(Duration timeout) {
            return options(options.withCloseTimeout(timeout));
        }

        /** Sets how many messages are taken from the client at once, at most. Default: 100. */
        public final B batchSize(int size) {
            return options(options.withBatchSize(size));
        }

        /** Sets how many messages may be with the application unsettled. Default: 10,000. */
        public final B maxInFlight(int messages) {
            return options(options.withMaxInFlight(messages));
        }

        /** Sets how many bytes may be with the application unsettled. Default: 64 MiB. */
        public final B maxInFlightBytes(long bytes) {
            return options(options.withMaxInFlightBytes(bytes));
        }

        /** Sets how often a message is delivered before a nack becomes a reject; 0 for no limit. Default: 0. */
        public final B maxAttempts(int attempts) {
            return options(options.withMaxAttempts(attempts));
        }

        /** Sets what happens to a rejected message when there are no dead letters, or they refuse it for good. Default: the stream stops. */
        public final B onReject(RejectPolicy policy) {
            return options(options.with(policy));
        }

        /** Sets how long a message may be unsettled before the health is DOWN. Default: 60 s. */
        public final B stuckAfter(Duration age) {
            return options(options.withStuckAfter(age));
        }

        /** Sets how long the engine extends the lease of an unsettled message, where the broker has leases. Default: 1 h. */
        public final B maxLease(Duration time) {
            return options(options.withMaxLease(time));
        }

        /** Sets where rejected messages go. The producer stays the caller's to close. Default: none. */
        public final B deadLetter(MessageProducer producer) {
            DeadLetters letters = new DeadLetters(Objects.requireNonNull(producer, "producer"), false);
            this.deadLetters = () -> letters;
            return self();
        }

        /**
         * Sets where rejected messages go, for a connector that has a setting for it: each connection of the consumer gets a producer of its
         * own, which is disconnected with it.
         *
         * @param producers returns a new producer, not connected; must not block
         */
        protected final B ownDeadLetter(Supplier<? extends MessageProducer> producers) {
            this.deadLetters = () -> new DeadLetters(producers.get(), true);
            return self();
        }

        /** Returns whether it was said where rejected messages go; for a connector that otherwise makes a place for them. */
        protected final boolean hasDeadLetter() {
            return deadLetters != null;
        }

        /** Sets who hears of outages, gaps and messages that take another way. Default: nobody. */
        public final B listener(BrokerListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return self();
        }

        /** Sets who counts. Default: nobody. */
        public final B metrics(BrokerMetrics metrics) {
            this.metrics = Objects.requireNonNull(metrics, "metrics");
            return self();
        }
    }
}
