package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class TrafficTest {
    private final MemoryBroker broker = new MemoryBroker();
    private final MemoryProducer producer =
            MemoryProducer.builder().broker(broker).topic("t").build();

    private MemoryConsumer.Builder consumer() {
        return MemoryConsumer.builder().broker(broker).topic("t").consumerGroup("g");
    }

    private Traffic.Builder traffic() {
        return Traffic.builder()
                .producer((listener, metrics) -> producer)
                .consumer(listener -> consumer().listener(listener).build());
    }

    @Test
    void undisturbed_isInOrder_andEndsWithItsLoad() {
        try (Traffic traffic = traffic().start()) {
            traffic.awaitMore(10);
            traffic.awaitHealth(Health.Status.UP);
            traffic.finish("nothing", 0);
            assertThat(traffic.ledger().confirmed()).isGreaterThanOrEqualTo(10);
            assertThat(traffic.lost() + traffic.restored() + traffic.lostByProducer())
                    .isZero();
        }
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("load of " + producer.name()));
    }

    @Test
    void otherBody_isSpoilt() {
        try (Traffic traffic = traffic()
                .messages(i -> Message.builder()
                        .id("m" + i)
                        .body(i == 5 ? "x" : "m" + i)
                        .build())
                .start()) {
            traffic.awaitMore(10);
            assertThatThrownBy(() -> traffic.finish("a body", 0))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("another body")
                    .hasMessageContaining("m5");
        }
    }

    @Test
    void failedSend_isNamed() {
        try (Traffic traffic = traffic().start()) {
            traffic.awaitMore(10);
            int before = traffic.ledger().confirmed();
            producer.close();
            Eventually.eventually(
                    "sends that fail", () -> !traffic.ledger().toString().contains("rejected 0"));
            assertThat(traffic.ledger().confirmed()).isGreaterThanOrEqualTo(before);
            assertThatThrownBy(() -> traffic.finish("the producer", 0))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("sends that failed");
        }
    }

    @Test
    void messageThatComesTwice_isNoMoreThanAllowed() {
        try (Traffic traffic = traffic().start()) {
            traffic.awaitMore(10);
            traffic.ledger().delivered("m0");
            assertThatThrownBy(() -> traffic.finish("a message", 0))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("1 duplicates");
            traffic.finish("a message", 1);
        }
    }

    @Test
    void sendThatBlocks_isNoticed() {
        try (Traffic traffic =
                traffic().producer((listener, metrics) -> blocking(producer)).start()) {
            traffic.awaitMore(1);
            assertThatThrownBy(() -> traffic.finish("send", 0))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("longest call of send");
        }
    }

    /** A client whose first send blocks for eleven seconds. */
    private static MessageProducer blocking(MessageProducer producer) {
        AtomicBoolean blocked = new AtomicBoolean();
        return (MessageProducer) Proxy.newProxyInstance(
                MessageProducer.class.getClassLoader(),
                new Class<?>[] {MessageProducer.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("send") && !blocked.getAndSet(true)) {
                        LockSupport.parkNanos(Duration.ofSeconds(11).toNanos());
                    }
                    return method.invoke(producer, arguments);
                });
    }

    @Test
    void closeAtRandom_measuresTheCloses_andLeavesNothing() {
        String topic = "closed-at-random";
        Duration longest = FaultRuns.closeAtRandom(
                topic,
                () -> MemoryProducer.builder().broker(broker).topic(topic).build(),
                () -> consumer().topic(topic).build(),
                1_000,
                4);
        assertThat(longest).isPositive();
    }
}
