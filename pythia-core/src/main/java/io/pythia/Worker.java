package io.pythia;

import io.pythia.internal.worker.UndecodableException;
import io.pythia.internal.worker.Work;
import io.pythia.internal.worker.WorkerEngine;
import io.pythia.internal.worker.WorkerSettings;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Calls a handler for each message of a consumer: many at a time, in order per key if wanted, again if it fails, and puts aside what keeps
 * failing. The same on every broker.
 *
 * <pre>{@code
 * Worker worker = Worker.from(consumer)
 *         .concurrency(16)
 *         .ordering(Ordering.KEY)
 *         .deadLetter(producer)
 *         .onMessage(message -> bill(message.text()))
 *         .build();
 * worker.run(); // until SIGTERM
 * }</pre>
 *
 * <p>A message that failed is tried again at once in this process, with the pauses of {@link Builder#retry}; then, if
 * {@link Builder#redelivery} is set, given back to be delivered later; then it goes to the dead letters. A worker runs once: from
 * {@link #start} to {@link #stop}, the end of its consumer's stream, or an error that nothing can be done about. Thread-safe.
 */
public final class Worker implements AutoCloseable {
    /** How long {@link #close} waits beyond the close timeouts. */
    private static final long GRACE_SECONDS = 65;

    private final String name;
    private final Duration closeTimeout;
    private final WorkerEngine engine;
    private final AtomicBoolean started = new AtomicBoolean();

    private Worker(WorkerSettings settings) {
        this.name = settings.consumer().name();
        this.closeTimeout = settings.closeTimeout();
        this.engine = new WorkerEngine(settings);
    }

    /** Returns a builder. The worker connects the consumer, and disconnects it when it stops. */
    public static Builder from(MessageBroker consumer) {
        return new Builder(Objects.requireNonNull(consumer, "consumer"));
    }

    /**
     * Starts, and returns at once: a broker that is away is sought in the background, as the consumer's options say. To fail early,
     * {@code connect()} the consumer first.
     *
     * <p>The threads are daemons and no signal is handled: they don't keep the process alive, and when it ends nothing is finished in an
     * orderly way. A program that has nothing else to do calls {@link #run}; one that has keeps a thread of its own and calls
     * {@link #close} before it ends.
     *
     * @throws IllegalStateException if it was started or stopped before
     */
    public void start() {
        if (!started.compareAndSet(false, true)) {
            throw new IllegalStateException("the worker of " + name + " was started before: a worker runs once");
        }
        engine.start();
    }

    /**
     * Starts, and returns when the worker has ended: because it was stopped, its stream has ended, or the process is asked to end
     * (SIGTERM, SIGINT): then it stops in an orderly way before the process does.
     *
     * @throws InterruptedException if this thread was interrupted; the worker is stopping then
     * @throws BrokerException if the worker ended because something went wrong
     */
    public void run() throws InterruptedException {
        Thread atExit = new Thread(this::close, "pythia-" + name + "-worker-exit");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            start();
            engine.ended().get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof BrokerException failure
                    ? failure
                    : new BrokerException("the worker of " + name + " has failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            stop();
            throw e;
        } finally {
            removeHook(atExit);
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it is running
        }
    }

    /**
     * Stops: takes no more messages, gives back those that wait, lets handlers finish or interrupts them when the close timeout is
     * over (their messages are given back, also if they return normally after that), then settles and disconnects the consumer. What waits
     * and can't be given back (at most once) is handled until the close timeout is over; {@link WorkerStats#lost()} counts the rest.
     * The future never fails. Any thread; a second call returns the same.
     */
    public CompletableFuture<Void> stop() {
        started.set(true);
        return engine.stop().handle((ok, error) -> null);
    }

    /** Returns a future of the end: it completes when all is closed, exceptionally if the worker ended because something went wrong. */
    public CompletableFuture<Void> ended() {
        return engine.ended();
    }

    /** Calls {@link #stop} and waits; an interrupt ends the wait and stays set. */
    @Override
    public void close() {
        try {
            stop().get(closeTimeout.toSeconds() + GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // stop() never fails, and logs what did not end in time
        }
    }

    /**
     * Returns how it does: DOWN if it is not running, cannot reach its broker, or a message has been unsettled for too long (with the
     * stack of the handler that has been running longest), DEGRADED in an outage (see {@link Builder#outageAfter}). Waits for the
     * consumer's sign of life, a few seconds at most.
     */
    public Health health() {
        return started.get()
                ? engine.monitor().health()
                : new Health(Health.Status.DOWN, "not started", java.util.Map.of());
    }

    /** Returns what it has done so far. Cheap. */
    public WorkerStats stats() {
        return engine.monitor().stats();
    }

    @Override
    public String toString() {
        return "Worker[" + name + "]";
    }

    /** Builds workers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder {
        private static final int LEAST_PREFETCH = 64;
        /** As many as a consumer has in flight by default: that bounds it, in messages and in bytes. */
        private static final int ORDERED_PREFETCH = 10_000;

        private final MessageBroker consumer;
        private @Nullable Work work;
        private WorkerSettings.@Nullable Batching batching;
        private boolean transforms;
        private int concurrency = 1;
        private Ordering ordering = Ordering.NONE;
        private int prefetch;
        private AckPolicy ackPolicy = AckPolicy.ON_SUCCESS;
        private RetryConfig retry = RetryConfig.defaults();
        private @Nullable RetryConfig redelivery;
        private Predicate<? super Throwable> retryOn =
                failure -> !(failure instanceof BrokerException e) || e.isRetryable();
        private int outageAfter = 20;
        private RetryConfig outagePauses =
                new RetryConfig(RetryConfig.FOREVER, Duration.ofSeconds(1), Duration.ofSeconds(30), true, false);
        private boolean stopsOnFailure;
        private @Nullable MessageProducer deadLetter;
        private @Nullable MessageProducer to;
        private Duration handlerTimeout = Duration.ZERO;
        private Duration closeTimeout = Duration.ofSeconds(30);
        private @Nullable Executor executor;

        private Builder(MessageBroker consumer) {
            this.consumer = consumer;
        }

        /** Sets how many messages are handled at once, at most. Default: 1. */
        public Builder concurrency(int handlers) {
            this.concurrency = atLeastOne("concurrency", handlers);
            return this;
        }

        /**
         * Sets which messages are handled one after another. A slow or failing key or partition holds up only itself, until so many of
         * its messages wait that the consumer's window ({@code maxInFlight}) is full. Default: none.
         */
        public Builder ordering(Ordering ordering) {
            this.ordering = Objects.requireNonNull(ordering, "ordering");
            return this;
        }

        /**
         * Sets how many messages are taken from the consumer and not done with: waiting, being handled, or waiting to be tried again.
         * Default: four for each handler, at least 64; with an ordering 10,000, since a key that is stuck must not hold up the others.
         * The consumer's {@code maxInFlight} and {@code maxInFlightBytes} bound it as well.
         */
        public Builder prefetch(int messages) {
            this.prefetch = atLeastOne("prefetch", messages);
            return this;
        }

        /** Sets when a message is acknowledged. Default: {@link AckPolicy#ON_SUCCESS}. */
        public Builder ackPolicy(AckPolicy policy) {
            this.ackPolicy = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets how often, and after what pauses, a message that failed is tried again in this process; it stays reserved meanwhile, takes
         * no slot, and holds up only its own key or partition. Default: {@link RetryConfig#defaults()}, 3 retries.
         */
        public Builder retry(RetryConfig retry) {
            this.retry = Objects.requireNonNull(retry, "retry");
            return this;
        }

        /**
         * Sets how often, and after what pauses, a message whose retries in place have failed is delivered again by the broker, or by the
         * engine where the broker can't. With an ordering, and with {@link AckPolicy#BEFORE_HANDLER}, it waits here instead, so that
         * nothing overtakes it. Default: never.
         */
        public Builder redelivery(RetryConfig redelivery) {
            this.redelivery = Objects.requireNonNull(redelivery, "redelivery");
            return this;
        }

        /**
         * Sets which failures are worth another try; the others put their message to the dead letters at once. It is not asked about
         * errors and bodies that can't be decoded, which never are. Default: all but a {@link BrokerException} that is not retryable.
         */
        public Builder retryOn(Predicate<? super Throwable> worthwhile) {
            this.retryOn = Objects.requireNonNull(worthwhile, "worthwhile");
            return this;
        }

        /**
         * Sets after how many failures in a row, of different messages, something all of them need is taken for down: then one message at
         * a time is tried, with growing pauses, and its failure is not counted against it, until one succeeds, which with {@link #to}
         * means that its send was confirmed (one of which nothing is sent on counts as a success, too). A call for a batch that throws is
         * one failure. So an outage doesn't fill the dead letters. A message that failed ten times that way is taken for bad itself. 0
         * for never. Default: 20.
         */
        public Builder outageAfter(int failures) {
            if (failures < 0) {
                throw new IllegalArgumentException("outageAfter must not be negative, but is " + failures);
            }
            this.outageAfter = failures;
            return this;
        }

        /** Sets the pauses between the tries of an outage; its number of retries is ignored. Default: from 1 s, doubled up to 30 s. */
        public Builder outagePauses(RetryConfig pauses) {
            this.outagePauses = Objects.requireNonNull(pauses, "pauses");
            return this;
        }

        /**
         * Sets where messages go that failed for good, with headers that say why ({@code pythia-dead-letter-...}). The producer stays the
         * caller's to close. Default: the message is rejected, and so goes to the dead letters of the consumer or its broker; where there
         * are none, the consumer's {@code onReject} says whether the stream stops or the message is dropped. What the producer refuses for
         * good, since it is too large, say, is rejected, too.
         */
        public Builder deadLetter(MessageProducer producer) {
            this.deadLetter = Objects.requireNonNull(producer, "producer");
            return this;
        }

        /**
         * Makes the worker end when a message has failed for good: the message goes back to the broker, and {@link Worker#run} throws the
         * cause. For sources where no message may be left behind. Default: the message goes to the dead letters.
         */
        public Builder stopOnFailure() {
            this.stopsOnFailure = true;
            return this;
        }

        /**
         * Sets where messages are sent on: what {@link #transform} made of them, else as they are, after the handler if there is one. The
         * received message is acknowledged only after the destination has confirmed; a send that fails counts as a failure of the
         * handler. What the producer has no room for ({@code maxInFlightBytes}) waits for it here, which is no failure, and is given back
         * if the worker stops and its close timeout is over. The producer stays the caller's to close. Default: nowhere.
         */
        public Builder to(MessageProducer producer) {
            this.to = Objects.requireNonNull(producer, "producer");
            return this;
        }

        /**
         * Sets how long a handler may take. Then its thread is interrupted, or its stage cancelled, and the message has failed, also
         * if the handler returns normally after that; one that ignores the interrupt keeps its slot until then, and health says where
         * it is. The log warns of a time for which the broker does not wait ({@code maxLease}, RabbitMQ's {@code consumer_timeout}).
         * Default: no limit.
         */
        public Builder handlerTimeout(Duration timeout) {
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("handlerTimeout must be more than zero, but is " + timeout);
            }
            this.handlerTimeout = timeout;
            return this;
        }

        /** Sets how long {@link #stop} lets handlers finish before it interrupts them. Default: 30 s. */
        public Builder closeTimeout(Duration timeout) {
            if (timeout.isNegative()) {
                throw new IllegalArgumentException("closeTimeout must not be negative, but is " + timeout);
            }
            this.closeTimeout = timeout;
            return this;
        }

        /**
         * Sets what runs the handlers; it is not shut down. Default: a virtual thread for each on Java 21 and later, else a pool of as
         * many threads as {@link #concurrency} says, all named {@code pythia-<consumer>-worker-<n>}.
         */
        public Builder executor(Executor executor) {
            this.executor = Objects.requireNonNull(executor, "executor");
            return this;
        }

        /** Sets the handler: it may block. */
        public Builder onMessage(Handler handler) {
            Objects.requireNonNull(handler, "handler");
            return work(message -> {
                handler.handle(message);
                return message;
            });
        }

        /** Sets a handler of decoded bodies. A body that can't be decoded goes to the dead letters at once, with its raw bytes. */
        public <T> Builder onMessage(Codec<T> codec, PayloadHandler<? super T> handler) {
            Objects.requireNonNull(codec, "codec");
            Objects.requireNonNull(handler, "handler");
            return work(message -> {
                T payload;
                try {
                    payload = codec.decode(message.body());
                } catch (Exception e) {
                    throw new UndecodableException(e);
                }
                handler.handle(payload, message);
                return message;
            });
        }

        /** Sets a handler whose work goes on elsewhere; {@link #concurrency} bounds what is under way. */
        public Builder onMessageAsync(AsyncHandler handler) {
            Objects.requireNonNull(handler, "handler");
            return work(message -> Objects.requireNonNull(handler.handle(message), "the handler returned no stage"));
        }

        /** Sets what is made of a message before it is sent on; needs {@link #to}. */
        public Builder transform(Transform transform) {
            Objects.requireNonNull(transform, "transform");
            this.transforms = true;
            return work(transform::apply);
        }

        /**
         * Sets a handler of several messages at once: of {@code size}, or of fewer when the first has waited for {@code maxWait}. With an
         * ordering a batch holds at most one message of each key or partition.
         */
        public Builder onBatch(int size, Duration maxWait, BatchHandler handler) {
            Objects.requireNonNull(handler, "handler");
            if (maxWait.isNegative()) {
                throw new IllegalArgumentException("maxWait must not be negative, but is " + maxWait);
            }
            this.batching = new WorkerSettings.Batching(atLeastOne("size", size), maxWait, handler);
            return work(message -> {
                throw new IllegalStateException("messages are handled in batches");
            });
        }

        private Builder work(Work given) {
            if (work != null) {
                throw new IllegalStateException(
                        "a worker has one handler: one of onMessage, onMessageAsync, transform and onBatch");
            }
            work = given;
            return this;
        }

        /**
         * Returns a worker, not started.
         *
         * @throws IllegalStateException if there is nothing to do, or something contradicts something else
         */
        public Worker build() {
            Work chosen = work == null ? message -> message : work;
            if (work == null && to == null) {
                throw new IllegalStateException("a worker needs a handler (onMessage, ...) or a destination (to)");
            }
            if (stopsOnFailure && deadLetter != null) {
                throw new IllegalStateException("a worker that stops at a failure has no use for dead letters");
            }
            if (transforms && to == null) {
                throw new IllegalStateException(
                        "transform makes messages to be sent on: set their destination with to");
            }
            return new Worker(new WorkerSettings(
                    consumer,
                    chosen,
                    batching,
                    concurrency,
                    lanes(),
                    Message::release,
                    effectivePrefetch(),
                    ackPolicy,
                    retry,
                    redelivery,
                    retryOn,
                    outageAfter,
                    outagePauses,
                    stopsOnFailure,
                    deadLetter,
                    to,
                    handlerTimeout,
                    closeTimeout,
                    executor));
        }

        /** Builds a worker and starts it; see {@link Worker#start}: its threads don't keep the process alive. */
        public Worker start() {
            Worker worker = build();
            worker.start();
            return worker;
        }

        private Function<Message, @Nullable Object> lanes() {
            return switch (ordering) {
                case NONE -> message -> null;
                case PARTITION -> Message::partition;
                case KEY -> Message::key;
            };
        }

        private int effectivePrefetch() {
            if (prefetch > 0) {
                return prefetch;
            }
            if (ordering != Ordering.NONE) {
                return ORDERED_PREFETCH;
            }
            long batch = batching == null ? 2 : batching.size();
            return (int) Math.min(1_000_000, Math.max(LEAST_PREFETCH, 2L * concurrency * batch));
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1, but is " + value);
            }
            return value;
        }
    }
}
