package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
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
import org.awaitility.Awaitility;

/** A producer that sends steadily and a consumer that acknowledges, every message of them in a ledger, while a test breaks something. */
final class Traffic implements AutoCloseable {
    static final int WINDOW = 100;
    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    final Ledger ledger = new Ledger();
    final AtomicInteger lost = new AtomicInteger();
    final SqsProducer producer;
    final SqsConsumer consumer;
    private final Set<String> spoilt = ConcurrentHashMap.newKeySet();
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final AtomicInteger uncertain = new AtomicInteger();
    private final Thread load = new Thread(this::sendSteadily, "load");
    private volatile boolean sending = true;

    /** The service is asked each second and given three for an answer, so that silence is noticed soon. */
    static AwsConfig config() {
        return SqsQueues.config()
                .timeout(Duration.ofSeconds(9))
                .heartbeat(Duration.ofSeconds(1))
                .build();
    }

    Traffic(String address, String queue) {
        BrokerListener listener = new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                lost.incrementAndGet();
            }
        };
        producer = SqsQueues.producer(address, queue)
                .config(config())
                .retry(QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .build();
        consumer = SqsQueues.consumer(address, queue)
                .config(config())
                .visibilityTimeout(Duration.ofSeconds(5))
                .maxInFlight(WINDOW)
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
            ledger.send(producer, message).whenComplete((ok, error) -> {
                if (error != null) {
                    failures.add(String.valueOf(error.getMessage()));
                }
            });
            LockSupport.parkNanos(2_000_000);
        }
    }

    Health.Status health() {
        return TestSubscriber.get(consumer.healthCheck()).status();
    }

    /** Waits until so many more messages have arrived. */
    void awaitMore(int messages) {
        int before = ledger.delivered();
        eventually(messages + " more messages", () -> ledger.delivered() >= before + messages);
    }

    /** Ends the load, waits for every message, and checks the account with at most so many duplicates. */
    void finish(String what, int duplicates) throws InterruptedException {
        sending = false;
        load.join();
        TestSubscriber.get(producer.flush());
        eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        ledger.verify(duplicates + uncertain.get());
        assertThat(spoilt).isEmpty();
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
