package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** A producer that sends steadily and a consumer that acknowledges, every message of them in a ledger, while a test breaks something. */
final class Traffic implements AutoCloseable {
    static final int PREFETCH = 250;
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    final Ledger ledger = new Ledger();
    final AtomicInteger lost = new AtomicInteger();
    final AtomicInteger lostByProducer = new AtomicInteger();
    final AtomicInteger restored = new AtomicInteger();
    final RabbitMQProducer producer;
    final RabbitMQConsumer consumer;
    private final Set<String> spoilt = ConcurrentHashMap.newKeySet();
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final AtomicLong longestSend = new AtomicLong();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger handedOver = new AtomicInteger();
    private final Thread load = new Thread(this::sendSteadily, "load");
    private volatile boolean sending = true;

    /** Signs of life are given each second, so that silence is noticed soon. */
    static RabbitMQConfig config(TestServer server) {
        return RabbitQueues.config(server.address()).toBuilder()
                .heartbeat(Duration.ofSeconds(2))
                .build();
    }

    Traffic(TestServer server, String queue) {
        BrokerListener listener = new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                lost.incrementAndGet();
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                restored.incrementAndGet();
            }
        };
        producer = RabbitMQProducer.builder()
                .queue(queue)
                .config(config(server))
                .retry(QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .listener(new BrokerListener() {
                    @Override
                    public void connectionLost(String broker, BrokerException cause) {
                        lostByProducer.incrementAndGet();
                    }
                })
                .metrics(new BrokerMetrics() {
                    @Override
                    public void sent(String broker, int count, long bytes) {
                        handedOver.addAndGet(count);
                    }
                })
                .build();
        consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(config(server))
                .prefetchCount(PREFETCH)
                .retry(QUICK)
                .listener(listener)
                .build();
        consumer.consume().subscribe(Subscribers.each(this::handle, error -> {}));
        load.start();
    }

    private void handle(Message message) {
        if (!message.text().equals("body of " + message.id())) {
            spoilt.add(message.id());
        }
        ledger.delivered(message.id());
        message.ack();
    }

    private void sendSteadily() {
        for (int i = 0; sending; i++) {
            Message message =
                    Message.builder().id("m" + i).body("body of m" + i).build();
            long before = System.nanoTime();
            ledger.send(producer, message).whenComplete((ok, error) -> {
                if (error != null) {
                    failures.add(String.valueOf(error.getMessage()));
                }
            });
            longestSend.accumulateAndGet(System.nanoTime() - before, Math::max);
            sent.incrementAndGet();
            LockSupport.parkNanos(500_000);
        }
    }

    /** Returns how many sends were tried again by the engine, because nobody knew what had become of them. */
    private int sentAgain() {
        return handedOver.get() - sent.get();
    }

    Health.Status health() {
        return TestSubscriber.get(consumer.healthCheck()).status();
    }

    /** Waits until so many more messages have arrived. */
    void awaitMore(int messages) {
        int before = ledger.delivered();
        eventually(messages + " more messages", () -> ledger.delivered() >= before + messages);
    }

    /** Ends the load, waits for every message, and checks the account after so many losses of a connection. */
    void finish(String what, int faults) throws InterruptedException {
        sending = false;
        load.join();
        TestSubscriber.get(producer.flush());
        eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        ledger.verify(faults * PREFETCH + sentAgain());
        assertThat(spoilt).isEmpty();
        assertThat(failures)
                .as("sends that failed within their long time limit")
                .isEmpty();
        // The promise is 50 ms; a busy machine may take a thread away for longer, a blocking client for seconds.
        assertThat(Duration.ofNanos(longestSend.get())).isLessThan(Duration.ofSeconds(2));
        System.out.println(what + ": " + ledger + ", sent again " + sentAgain());
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
