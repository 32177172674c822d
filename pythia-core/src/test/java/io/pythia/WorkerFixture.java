package io.pythia;

import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;

/** What the tests of the worker share: an embedded broker with a topic, and quick retries. */
abstract class WorkerFixture {
    static final String TOPIC = "orders";
    static final String LETTERS = "orders.dead";
    static final RetryConfig QUICK = retries(3);

    final MemoryBroker broker = new MemoryBroker();
    private final List<AutoCloseable> open = new ArrayList<>();

    static RetryConfig retries(int times) {
        return new RetryConfig(times, Duration.ofMillis(1), Duration.ofMillis(5), true, true);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    <T extends AutoCloseable> T opened(T resource) {
        open.add(resource);
        return resource;
    }

    MemoryConsumer.Builder consumer() {
        return MemoryConsumer.builder().broker(broker).topic(TOPIC).consumerGroup("group");
    }

    MemoryProducer producer(String topic) {
        return opened(MemoryProducer.builder().broker(broker).topic(topic).build());
    }

    Worker.Builder worker() {
        return Worker.from(consumer().build()).retry(QUICK);
    }

    Worker start(Worker.Builder builder) {
        return opened(builder.start());
    }

    void send(int count, IntFunction<Message> message) {
        MemoryProducer producer = producer(TOPIC);
        for (int i = 0; i < count; i++) {
            producer.send(message.apply(i));
        }
        producer.flush().join();
    }

    void send(String... bodies) {
        send(bodies.length, i -> Message.of(bodies[i]));
    }

    /** Returns what is in a topic, when there are at least so many. */
    List<Message> read(String topic, int atLeast) {
        List<Message> messages = java.util.Collections.synchronizedList(new ArrayList<>());
        MemoryConsumer consumer = opened(MemoryConsumer.builder()
                .broker(broker)
                .topic(topic)
                .consumerGroup("reader")
                .closeTimeout(Duration.ZERO)
                .build());
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            messages.add(message);
                            message.ack();
                        },
                        error -> {}));
        eventually(atLeast + " messages in " + topic, () -> messages.size() >= atLeast);
        return List.copyOf(messages);
    }

    long unsettled() {
        return broker.stats(TOPIC, "group")
                .map(s -> (long) s.waiting() + s.inFlight())
                .orElse(0L);
    }

    static void eventually(String what, BooleanSupplier condition) {
        eventuallyWithin(60, what, condition);
    }

    static void eventuallyWithin(long seconds, String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(seconds, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(condition::getAsBoolean);
    }

    static void sleep(long millis) {
        try {
            Thread.sleep(millis); // a handler at work
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
