package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.awaitility.Awaitility;

/** A producer that sends steadily and a consumer that acknowledges, every message of them in a ledger, while a test breaks something. */
final class Traffic implements AutoCloseable {
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    final Ledger ledger = new Ledger();
    final AtomicInteger lost = new AtomicInteger();
    final AtomicInteger restored = new AtomicInteger();
    private final MessageProducer producer;
    private final MessageBroker consumer;
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final Thread load = new Thread(this::sendSteadily, "load");
    private final long pauseNanos;
    private volatile boolean sending = true;

    /**
     * Begins.
     *
     * @param pause between two messages
     */
    Traffic(MessageProducer producer, Function<BrokerListener, MessageBroker> consumers, Duration pause) {
        this.producer = producer;
        this.pauseNanos = pause.toNanos();
        this.consumer = consumers.apply(new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                lost.incrementAndGet();
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                restored.incrementAndGet();
            }
        });
        consumer.consume().subscribe(Subscribers.each(this::handle, error -> failures.add("stream: " + error)));
        load.start();
    }

    /** The body is the id: a queue without an envelope has no other. */
    private void handle(Message message) {
        ledger.delivered(message.text());
        message.ack();
    }

    private void sendSteadily() {
        for (int i = 0; sending; i++) {
            ledger.send(producer, message("m" + i)).whenComplete((ok, error) -> {
                if (error != null) {
                    failures.add(String.valueOf(error.getMessage()));
                }
            });
            LockSupport.parkNanos(pauseNanos);
        }
    }

    static Message message(String id) {
        return Message.builder().id(id).body(id).build();
    }

    Health.Status health() {
        return TestSubscriber.get(consumer.healthCheck()).status();
    }

    /** Waits until so many more messages have arrived. */
    void awaitMore(int messages) {
        int before = ledger.delivered();
        eventually(messages + " more messages", () -> ledger.delivered() >= before + messages);
    }

    /** Ends the load, waits for every message, and checks the account. */
    void finish(String what, int maxDuplicates) throws InterruptedException {
        sending = false;
        load.join();
        TestSubscriber.get(producer.flush());
        eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        ledger.verify(maxDuplicates);
        assertThat(failures)
                .as("sends that failed within their long time limit")
                .isEmpty();
        System.out.println(what + ": " + ledger);
    }

    static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(120, TimeUnit.SECONDS)
                .pollInterval(20, TimeUnit.MILLISECONDS)
                .until(condition::getAsBoolean);
    }

    @Override
    public void close() {
        sending = false;
        consumer.close();
        producer.close();
    }
}
