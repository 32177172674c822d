package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerConnectionException;
import io.pythia.Handler;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.MessageContent;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The snippets of {@code docs/testing.md}. */
@Timeout(60)
class TestingExamplesTest {
    private final List<String> billed = new CopyOnWriteArrayList<>();
    private final Handler billing = message -> billed.add(message.text());

    // tag::handler[]
    @Test
    void order_isBilled() {
        MemoryBroker broker = new MemoryBroker();
        MessageProducer orders =
                MemoryProducer.builder().broker(broker).topic("orders").build();
        Worker worker = Worker.from(MemoryConsumer.builder()
                        .broker(broker)
                        .topic("orders")
                        .consumerGroup("billing")
                        .build())
                .onMessage(billing)
                .start();
        try (orders;
                worker) {
            orders.send(Message.of("a tea")).join();
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> worker.stats().handled() == 1);
        }
        assertThat(billed).containsExactly("a tea");
        assertThat(broker.stats("orders", "billing").orElseThrow().waiting()).isZero();
    }
    // end::handler[]

    @Test
    void faults() {
        MemoryBroker broker = new MemoryBroker();
        MessageProducer orders =
                MemoryProducer.builder().broker(broker).topic("orders").build();
        Worker worker = Worker.from(
                        MemoryConsumer.builder().broker(broker).topic("orders").build())
                .onMessage(billing)
                .start();
        try (orders;
                worker) {
            orders.send(Message.of("a tea")).join();
            // tag::faults[]
            broker.stop();
            CompletableFuture<?> sent = orders.send(Message.of("a coffee")); // waits, up to the send timeout
            broker.start();
            sent.join();

            broker.failNextSends(2, new BrokerConnectionException("the network is gone"));
            orders.send(Message.of("a cake")).join(); // at the third attempt
            // end::faults[]
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> billed.contains("a cake"));
        }
        assertThat(billed).contains("a tea", "a coffee", "a cake");
    }

    // tag::message[]
    static final class Settling implements Settler {
        final List<Outcome> outcomes = new ArrayList<>();

        @Override
        public CompletableFuture<Settled> settle(Outcome outcome, @Nullable Object detail) {
            outcomes.add(outcome);
            return CompletableFuture.completedFuture(Settled.DONE);
        }

        @Override
        public CompletableFuture<Settled> extend(Duration by) {
            return CompletableFuture.completedFuture(Settled.DONE);
        }

        @Override
        public int attempt() {
            return 1;
        }

        @Override
        public boolean isSettled() {
            return !outcomes.isEmpty();
        }
    }

    @Test
    void emptyOrder_isRejected() {
        Settling settling = new Settling();
        Message order = Message.received(MessageContent.of("orders", Message.of("")), settling);
        billOrReject(order);
        assertThat(settling.outcomes).containsExactly(Outcome.REJECT);
    }
    // end::message[]

    private void billOrReject(Message order) {
        if (order.text().isEmpty()) {
            order.reject("an empty order");
        } else {
            billed.add(order.text());
            order.ack();
        }
    }

    @Test
    void fullOrder_isAcknowledged() {
        Settling settling = new Settling();
        billOrReject(Message.received(MessageContent.of("orders", Message.of("a tea")), settling));
        assertThat(settling.outcomes).containsExactly(Outcome.ACK);
    }
}
