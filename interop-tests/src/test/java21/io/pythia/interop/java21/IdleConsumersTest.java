package io.pythia.interop.java21;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.internal.Threads;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Consumers and producers that wait, in a process that asks for virtual threads. Compiled and run on JDK 21 and newer. */
@Timeout(120)
class IdleConsumersTest {
    private static final int COUNT = 500;

    private final MemoryBroker broker = new MemoryBroker();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Set<String> received = ConcurrentHashMap.newKeySet();
    private final Set<Boolean> onVirtual = ConcurrentHashMap.newKeySet();
    private String before = "";

    @BeforeEach
    void ask() {
        before = System.getProperty(Threads.VIRTUAL_PROPERTY, "false");
    }

    @AfterEach
    void close() throws Exception {
        System.setProperty(Threads.VIRTUAL_PROPERTY, before);
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void waitOnVirtualThreads_andAreServed() {
        System.setProperty(Threads.VIRTUAL_PROPERTY, "true");
        connectAll();
        assertThat(platformThreads()).isEmpty();
        serveAll();
        assertThat(onVirtual).containsExactly(true);
        assertThat(platformThreads()).isEmpty();
    }

    @Test
    void withoutTheProperty_haveThreadsOfTheirOwn() {
        System.setProperty(Threads.VIRTUAL_PROPERTY, "false");
        connectAll();
        assertThat(platformThreads()).hasSizeGreaterThanOrEqualTo(3 * COUNT);
        serveAll();
        assertThat(onVirtual).containsExactly(false);
    }

    private void connectAll() {
        for (int i = 0; i < COUNT; i++) {
            MemoryConsumer consumer = MemoryConsumer.builder()
                    .topic("idle-" + i)
                    .consumerGroup("idle")
                    .broker(broker)
                    .build();
            open.add(consumer);
            consumer.consume().subscribe(Subscribers.each(this::handle, error -> {}));
            MemoryProducer producer =
                    MemoryProducer.builder().topic("idle-" + i).broker(broker).build();
            open.add(producer);
            producer.send(Message.of("first-" + i)).join();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> received.size() == COUNT);
        received.clear();
        await().atMost(Duration.ofSeconds(60)).until(() -> connecting().isEmpty());
    }

    private void serveAll() {
        for (int i = 0; i < COUNT; i++) {
            ((MemoryProducer) open.get(2 * i + 1))
                    .send(Message.of("second-" + i))
                    .join();
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> received.size() == COUNT);
    }

    private void handle(Message message) {
        onVirtual.add(Thread.currentThread().isVirtual());
        received.add(message.text());
        message.ack();
    }

    private static List<String> connecting() {
        return platformThreads().stream()
                .filter(name -> name.endsWith("-connect"))
                .toList();
    }

    /** Stack traces are those of platform threads only. Who is idle for seconds asks the broker for a sign of life, for a moment. */
    private static List<String> platformThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("pythia-") && name.contains("idle-") && !name.endsWith("-ping"))
                .toList();
    }
}
