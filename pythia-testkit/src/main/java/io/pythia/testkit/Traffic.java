package io.pythia.testkit;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A producer that sends steadily and a consumer that acknowledges, every message of them in a {@link Ledger}, while a test breaks
 * something. It owns both, and two daemon threads: one that sends, one that knows when the machine stands still. Thread-safe.
 *
 * <pre>{@code
 * try (Traffic traffic = Traffic.builder()
 *         .producer((listener, metrics) -> producer(queue).listener(listener).metrics(metrics).build())
 *         .consumer(listener -> consumer(queue).listener(listener).build())
 *         .start()) {
 *     traffic.awaitMore(200);
 *     proxy.resetAll();
 *     traffic.awaitMore(200);
 *     traffic.finish("connections reset", WINDOW);
 * }
 * }</pre>
 */
public final class Traffic implements AutoCloseable {
    /** Tries again for ever, after half a second at most: an outage costs a test little time. */
    public static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    /** 50 ms are promised; a busy machine may take a thread away for longer, a client that blocks does so for seconds. */
    private static final Duration LONGEST_SEND = Duration.ofSeconds(2);
    /** So many sends without an outcome: a stand-in that is slower than the load must come to an end, too. */
    private static final int MOST_OPEN = 2_000;

    private static final long CLOCK_TICK = 20_000_000L;

    private final Ledger ledger = new Ledger();
    private final Outages ofConsumer = new Outages();
    private final Outages ofProducer = new Outages();
    private final Set<String> spoilt = ConcurrentHashMap.newKeySet();
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final AtomicLong longestSend = new AtomicLong();
    /** For how long the machine stood still, at most, as a thread finds that only looks at the time: no client's fault. */
    private final AtomicLong stall = new AtomicLong();

    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger handedOver = new AtomicInteger();
    private final IntFunction<Message> messages;
    private final Function<Message, String> identity;
    private final long pauseNanos;
    private final MessageProducer producer;
    private final MessageBroker consumer;
    private final Thread load;
    private final Thread clock;
    private volatile boolean sending = true;

    private Traffic(Builder builder) {
        messages = builder.messages;
        identity = builder.identity;
        pauseNanos = builder.pause.toNanos();
        producer = Objects.requireNonNull(builder.producer, "producer").apply(ofProducer, new BrokerMetrics() {
            @Override
            public void sent(String broker, int count, long bytes) {
                handedOver.addAndGet(count);
            }
        });
        consumer = Objects.requireNonNull(builder.consumer, "consumer").apply(ofConsumer);
        load = new Thread(this::sendSteadily, "load of " + producer.name());
        load.setDaemon(true);
        clock = new Thread(this::watchTheTime, "clock of " + producer.name());
        clock.setDaemon(true);
    }

    private Traffic begin() {
        consumer.consume().subscribe(Subscribers.each(this::handle, error -> failures.add("stream: " + error)));
        load.start();
        clock.start();
        return this;
    }

    private void handle(Message message) {
        String id = identity.apply(message);
        if (!message.text().equals(id)) {
            spoilt.add(id);
        }
        ledger.delivered(id);
        message.ack();
    }

    private void sendSteadily() {
        while (sending) {
            if (ledger.open() < MOST_OPEN) {
                send(messages.apply(sent.getAndIncrement()));
            }
            LockSupport.parkNanos(pauseNanos);
        }
    }

    private void watchTheTime() {
        while (load.isAlive()) {
            long before = System.nanoTime();
            LockSupport.parkNanos(CLOCK_TICK);
            stall.accumulateAndGet(System.nanoTime() - before, Math::max);
        }
    }

    private void send(Message message) {
        long before = System.nanoTime();
        ledger.send(producer, message).whenComplete((ok, error) -> {
            if (error != null) {
                failures.add(String.valueOf(error.getMessage()));
            }
        });
        longestSend.accumulateAndGet(System.nanoTime() - before, Math::max);
    }

    /** Returns how many sends the engine has tried again, since nobody knew what had become of them; 0 where it is not measured. */
    private int sentAgain() {
        return Math.max(0, handedOver.get() - sent.get());
    }

    /** Returns a message with an id that is its body, too. */
    public static Message message(String id) {
        return Message.builder().id(id).body(id).build();
    }

    /** Returns the account, in which the test may enter what other consumers are given. */
    public Ledger ledger() {
        return ledger;
    }

    /** Returns how often the consumer has lost its connection. */
    public int lost() {
        return ofConsumer.lost();
    }

    /** Returns how often the consumer has got its connection back. */
    public int restored() {
        return ofConsumer.restored();
    }

    /** Returns how often the producer has lost its connection; 0 if it was not given the listener. */
    public int lostByProducer() {
        return ofProducer.lost();
    }

    /** Returns the consumer's health. */
    public Health.Status health() {
        return TestSubscriber.get(consumer.healthCheck()).status();
    }

    /** Waits until the consumer's health says so. */
    public void awaitHealth(Health.Status status) {
        eventually("a health of " + status, () -> health() == status);
    }

    /** Waits until so many more messages have arrived. */
    public void awaitMore(int count) {
        int before = ledger.delivered();
        eventually(count + " more messages", () -> ledger.delivered() >= before + count);
    }

    /**
     * Ends the load, waits for every message, checks the account and prints a line with it. Nothing is lost, spoilt or there more often
     * than allowed, no send has failed or blocked its caller, and the stream has not ended.
     *
     * @param what what was broken, for the line
     * @param allowedRedeliveries how many deliveries may not be the first of their message; sends that are known to have been repeated
     *     are allowed besides
     * @throws AssertionError if anything of that does not hold
     */
    public void finish(String what, int allowedRedeliveries) {
        endLoad();
        CompletableFuture<Void> flushed = producer.flush();
        eventually("an outcome of every send", flushed::isDone);
        eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        ledger.verify(allowedRedeliveries + sentAgain());
        assertThat(spoilt).as("messages with another body").isEmpty();
        assertThat(failures)
                .as("sends that failed within their long time limit")
                .isEmpty();
        assertThat(Duration.ofNanos(longestSend.get()))
                .as("the longest call of send")
                .isLessThan(LONGEST_SEND.plusNanos(stall.get()));
        System.out.println(what + ": " + ledger + ", connections lost " + lost() + ", sent again " + sentAgain());
    }

    private void endLoad() {
        sending = false;
        eventually("the end of the load", () -> !load.isAlive() && !clock.isAlive());
    }

    /** Ends the load, and closes the consumer and the producer. */
    @Override
    public void close() {
        try (producer;
                consumer) {
            endLoad();
        }
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Defaults: a message each millisecond, without a key, known by its id. Not thread-safe. */
    public static final class Builder {
        private @Nullable BiFunction<BrokerListener, BrokerMetrics, MessageProducer> producer;
        private @Nullable Function<BrokerListener, MessageBroker> consumer;
        private IntFunction<Message> messages = i -> message("m" + i);
        private Function<Message, String> identity = Message::id;
        private Duration pause = Duration.ofMillis(1);

        private Builder() {}

        /**
         * Makes the producer; required. Its send timeout must be longer than what is broken. With the listener its outages are counted;
         * with the metrics a send that was repeated explains a duplicate.
         */
        public Builder producer(BiFunction<BrokerListener, BrokerMetrics, MessageProducer> maker) {
            producer = maker;
            return this;
        }

        /** Makes the consumer with a listener that counts its outages; required. */
        public Builder consumer(Function<BrokerListener, MessageBroker> maker) {
            consumer = maker;
            return this;
        }

        /** What is sent: the message of each number, from 0, with an id of its own that is its body, too. */
        public Builder messages(IntFunction<Message> numbered) {
            messages = numbered;
            return this;
        }

        /** By what a received message is known: {@link Message#text} where the broker does not carry ids. */
        public Builder identity(Function<Message, String> known) {
            identity = known;
            return this;
        }

        /** The time between two messages. */
        public Builder pause(Duration between) {
            pause = between;
            return this;
        }

        /** Makes both and begins to consume and to send. */
        public Traffic start() {
            return new Traffic(this).begin();
        }
    }
}
