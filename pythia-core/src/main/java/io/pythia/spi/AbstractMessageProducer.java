package io.pythia.spi;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.internal.Events;
import io.pythia.internal.SendEngine;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A producer: the engine around a connector's {@link SendDriver}. A connector extends it with its builder and with what only its broker
 * has.
 */
public abstract class AbstractMessageProducer implements MessageProducer {
    private final String name;
    private final ProducerOptions options;
    private final Events events;
    private volatile @Nullable SendEngine engine;
    private boolean disconnected;

    /**
     * Creates one, not connected.
     *
     * @param name the connector's name and the destination, for instance {@code kafka:orders}
     * @param builder what the application chose
     */
    protected AbstractMessageProducer(String name, Builder<?> builder) {
        this(name, builder, builder.options());
    }

    /**
     * Creates one, not connected, of a connector that has to add to what the application chose.
     *
     * @param options the options to use in place of those of the builder
     */
    protected AbstractMessageProducer(String name, Builder<?> builder, ProducerOptions options) {
        this.name = name;
        this.options = options;
        this.events = new Events(name, builder.listener, builder.metrics);
    }

    /** Returns a new driver for a new session; called for every attempt to connect, and must not block. */
    protected abstract SendDriver newDriver();

    /**
     * Refuses a message before it is queued: too large, a key the broker can't take. Called on the thread of the caller of {@code send};
     * it must be quick.
     */
    protected @Nullable MessageException check(Message message) {
        return null;
    }

    /** Returns the options. */
    protected final ProducerOptions options() {
        return options;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public CompletableFuture<Void> connect() {
        return engineToConnect().connect();
    }

    private synchronized SendEngine engineToConnect() {
        SendEngine current = engine;
        if (current == null || current.isEnded()) {
            current = new SendEngine(events, options, this::newDriver);
            engine = current;
            disconnected = false;
        }
        return current;
    }

    /** Returns the connection, also one that has ended: it refuses what it is given. */
    private SendEngine engine() {
        SendEngine current = engine;
        return current == null ? firstEngine() : current;
    }

    private synchronized SendEngine firstEngine() {
        SendEngine current = engine;
        if (current == null) {
            current = new SendEngine(events, options, this::newDriver);
            engine = current;
            if (disconnected) {
                current.disconnect();
            }
        }
        return current;
    }

    @Override
    public CompletableFuture<SendResult> send(Message message) {
        MessageException refused = check(Objects.requireNonNull(message, "message"));
        return refused == null ? engine().send(message) : CompletableFuture.failedFuture(refused);
    }

    @Override
    public CompletableFuture<List<SendResult>> sendBatch(List<Message> messages) {
        return engine().sendBatch(List.copyOf(messages), this::send);
    }

    @Override
    public Flow.Publisher<SendResult> sendAll(Flow.Publisher<Message> messages) {
        return engine().sendAll(
                        Objects.requireNonNull(messages, "messages"), this::send, size -> engine().hasRoom(size));
    }

    @Override
    public CompletableFuture<Void> flush() {
        SendEngine current = engine;
        return current == null ? CompletableFuture.completedFuture(null) : current.flush();
    }

    @Override
    public CompletableFuture<Health> healthCheck() {
        SendEngine current = engine;
        return current == null
                ? CompletableFuture.completedFuture(new Health(Health.Status.DOWN, "not connected", Map.of()))
                : current.healthCheck();
    }

    @Override
    public CompletableFuture<Void> disconnect() {
        SendEngine current;
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
     * What the builders of all producers have.
     *
     * @param <B> the connector's builder
     */
    public abstract static class Builder<B extends Builder<B>> {
        private ProducerOptions options = ProducerOptions.defaults();
        private BrokerListener listener = BrokerListener.NONE;
        private BrokerMetrics metrics = BrokerMetrics.NONE;

        /** Creates one with the defaults of {@link ProducerOptions}. */
        protected Builder() {}

        /** Returns this builder as what it is. */
        protected abstract B self();

        /** Returns the options as they are now. */
        protected final ProducerOptions options() {
            return options;
        }

        /** Sets all options at once. */
        public final B options(ProducerOptions options) {
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

        /** Sets when a message is sent again after a retryable failure, and how a lost connection is sought again. */
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

        /** Sets how long {@code disconnect()} waits for what is under way. Default: 10 s. */
        public final B closeTimeout(Duration timeout) {
            return options(options.withCloseTimeout(timeout));
        }

        /** Sets how long a message may take from {@code send} to the broker's word. Default: 30 s. */
        public final B sendTimeout(Duration timeout) {
            return options(options.withSendTimeout(timeout));
        }

        /** Sets how many bytes may be under way. Default: 64 MiB, in a small heap a quarter of it. */
        public final B maxInFlightBytes(long bytes) {
            return options(options.withMaxInFlightBytes(bytes));
        }

        /** Sets how many messages are handed to the client at once, at most. Default: 1,000. */
        public final B maxBatch(int messages) {
            return options(options.withMaxBatch(messages));
        }

        /** Sets who hears of outages. Default: nobody. */
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
