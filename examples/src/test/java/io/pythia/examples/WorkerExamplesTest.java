package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Codec;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Ordering;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of {@code docs/worker.md}, on the embedded broker. */
@Timeout(60)
class WorkerExamplesTest {
    private final MemoryBroker broker = new MemoryBroker();
    private final MessageBroker consumer =
            MemoryConsumer.builder().broker(broker).topic("orders").build();
    private final MessageProducer orders = producer("orders");
    private final MessageProducer deadLetters = producer("orders.failed");
    private final MessageProducer invoices = producer("invoices");
    private final List<String> done = new CopyOnWriteArrayList<>();

    record Order(String product, int count) {}

    private MessageProducer producer(String topic) {
        return MemoryProducer.builder().broker(broker).topic(topic).build();
    }

    @AfterEach
    void close() {
        consumer.close();
        orders.close();
        deadLetters.close();
        invoices.close();
    }

    private void bill(String order) {
        done.add(order);
    }

    private void awaitDone(String... what) {
        Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> done.containsAll(List.of(what)));
    }

    @Test
    void handler() {
        orders.send(Message.of("a tea")).join();
        // tag::handler[]
        Worker worker = Worker.from(consumer)
                .concurrency(16)
                .ordering(Ordering.KEY)
                .retry(new RetryConfig(3, Duration.ofMillis(200), Duration.ofSeconds(10), true, true))
                .redelivery(new RetryConfig(5, Duration.ofMinutes(1), Duration.ofMinutes(30), true, true))
                .deadLetter(deadLetters)
                .handlerTimeout(Duration.ofSeconds(30))
                .onMessage(message -> bill(message.text()))
                .build();
        // end::handler[]
        worker.start();
        awaitDone("a tea");
        worker.close();
    }

    @Test
    void codec() {
        orders.send(Message.of("{\"product\":\"tea\",\"count\":2}")).join();
        Worker worker =
                // tag::codec[]
                Worker.from(consumer)
                        .deadLetter(deadLetters)
                        .onMessage(Codec.json(Order.class), (order, message) -> bill(order.product()))
                        // end::codec[]
                        .start();
        awaitDone("tea");
        worker.close();
    }

    @Test
    void transform() {
        orders.send(Message.of("a tea")).join();
        Worker worker =
                // tag::transform[]
                Worker.from(consumer)
                        .concurrency(8)
                        .to(invoices)
                        .transform(order -> order.toBuilder()
                                .body("invoice for " + order.text())
                                .build())
                        // end::transform[]
                        .start();
        Worker reading = Worker.from(MemoryConsumer.builder()
                        .broker(broker)
                        .topic("invoices")
                        .build())
                .onMessage(invoice -> done.add(invoice.text()))
                .start();
        awaitDone("invoice for a tea");
        worker.close();
        reading.close();
    }

    @Test
    void batch() {
        orders.send(Message.of("a tea")).join();
        orders.send(Message.of("")).join();
        Worker worker =
                // tag::batch[]
                Worker.from(consumer)
                        .deadLetter(deadLetters)
                        .onBatch(100, Duration.ofMillis(50), batch -> {
                            for (int i = 0; i < batch.size(); i++) {
                                String order = batch.get(i).text();
                                if (order.isEmpty()) {
                                    batch.reject(i, "an empty order");
                                } else {
                                    bill(order);
                                }
                            }
                        })
                        // end::batch[]
                        .start();
        awaitDone("a tea");
        Awaitility.await()
                .atMost(30, TimeUnit.SECONDS)
                .until(() -> worker.stats().deadLettered() == 1);
        assertThat(worker.stats().handled()).isEqualTo(1);
        worker.close();
    }
}
