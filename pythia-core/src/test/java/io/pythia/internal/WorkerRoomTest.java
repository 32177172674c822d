package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.Ordering;
import io.pythia.Worker;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A destination that is slower than the source: messages wait for room, and that is no failure of theirs. */
@Timeout(120)
class WorkerRoomTest extends SendEngineFixture {
    private static final String PADDING = ".".repeat(1_000);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final MemoryBroker broker = new MemoryBroker();
    private final AtomicInteger handlers = new AtomicInteger();

    private Worker.Builder worker(MessageProducer to, MessageProducer letters) {
        return Worker.from(MemoryConsumer.builder()
                        .broker(broker)
                        .topic("orders")
                        .consumerGroup("group")
                        .closeTimeout(Duration.ofMillis(100))
                        .build())
                .onMessage(message -> handlers.incrementAndGet())
                .retry(QUICK)
                .deadLetter(letters)
                .to(to);
    }

    private MemoryProducer memory(String topic) {
        return MemoryProducer.builder().broker(broker).topic(topic).build();
    }

    private void send(int count, IntFunction<Message> message) {
        try (MemoryProducer source = memory("orders")) {
            IntStream.range(0, count).mapToObj(message).forEach(source::send);
            source.flush().join();
        }
    }

    private long unsettled() {
        return broker.stats("orders", "group")
                .map(s -> (long) s.waiting() + s.inFlight())
                .orElse(0L);
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(LONG).pollInterval(Duration.ofMillis(5)).until(condition::getAsBoolean);
    }

    private void takeSlowly(Outgoing outgoing) {
        try {
            Thread.sleep(2); // a slow broker
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        take(outgoing);
    }

    private List<String> received() {
        return received.stream()
                .map(text -> text.substring(0, text.indexOf('.')))
                .toList();
    }

    @Test
    void slowDestinationWithLittleRoom_getsAll_andNothingFails() {
        send(
                500,
                i -> Message.builder()
                        .key("k" + i % 250)
                        .body("m" + i + PADDING)
                        .build());
        onSend = this::takeSlowly;
        try (MessageProducer to = producer().maxInFlightBytes(10_000).build();
                MessageProducer letters = memory("letters");
                Worker worker = worker(to, letters)
                        .ordering(Ordering.KEY)
                        .concurrency(4)
                        .start()) {
            eventually("all", () -> worker.stats().handled() == 500 && unsettled() == 0);
            assertThat(worker.stats().failed()).isZero();
            assertThat(worker.stats().deadLettered()).isZero();
            List<String> all = received();
            assertThat(all).hasSize(500).doesNotHaveDuplicates();
            for (int i = 0; i < 250; i++) {
                assertThat(all.indexOf("m" + i)).isLessThan(all.indexOf("m" + (i + 250)));
            }
        }
    }

    @Test
    void pipeToASlowDestinationWithLittleRoom_isInOrder() {
        send(300, i -> Message.of("m" + i + PADDING));
        onSend = this::takeSlowly;
        try (MessageProducer to = producer().maxInFlightBytes(10_000).build();
                MessageProducer letters = memory("letters");
                Worker worker = worker(to, letters).start()) {
            eventually("all", () -> worker.stats().handled() == 300 && unsettled() == 0);
            assertThat(received())
                    .isEqualTo(IntStream.range(0, 300).mapToObj(i -> "m" + i).toList());
        }
    }

    @Test
    void roomThatOthersHaveTaken_isFoundWhenTheyAreDone() {
        send(1, i -> Message.of("m" + PADDING));
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            awaitUninterruptibly(release);
            take(outgoing);
        };
        try (MessageProducer to = producer().maxInFlightBytes(1_500).build();
                MessageProducer letters = memory("letters")) {
            to.send(Message.of("other" + PADDING));
            try (Worker worker = worker(to, letters).start()) {
                eventually(
                        "the handler done",
                        () -> handlers.get() == 1 && worker.stats().handling() == 0);
                release.countDown();
                eventually("sent on", () -> worker.stats().handled() == 1);
                assertThat(worker.stats().failed()).isZero();
                assertThat(received()).containsExactly("other", "m");
            }
        }
    }

    @Test
    void stop_waitsForWhatHasNoRoomYet() throws Exception {
        send(20, i -> Message.of("m" + i + PADDING));
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            awaitUninterruptibly(release);
            take(outgoing);
        };
        try (MessageProducer to = producer().maxInFlightBytes(3_000).build();
                MessageProducer letters = memory("letters");
                Worker worker = worker(to, letters).closeTimeout(LONG).start()) {
            eventually(
                    "all handlers done",
                    () -> handlers.get() == 20 && worker.stats().handling() == 0);
            var stopped = worker.stop();
            assertThat(stopped).isNotDone();
            release.countDown();
            stopped.get(60, TimeUnit.SECONDS);
            assertThat(received()).hasSize(20);
            assertThat(unsettled()).isZero();
        }
    }

    @Test
    void stop_whenTheTimeIsOver_givesBackWhatHasNoRoom() {
        send(20, i -> Message.of("m" + i + PADDING));
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> awaitUninterruptibly(release);
        try (MessageProducer to = producer()
                        .maxInFlightBytes(3_000)
                        .closeTimeout(Duration.ofMillis(100))
                        .build();
                MessageProducer letters = memory("letters")) {
            Worker worker =
                    worker(to, letters).closeTimeout(Duration.ofMillis(100)).start();
            eventually(
                    "all handlers done",
                    () -> handlers.get() == 20 && worker.stats().handling() == 0);
            worker.close();
            assertThat(worker.stats().inFlight()).isEqualTo(2); // those that are under way
            assertThat(worker.stats().deadLettered()).isZero();
            assertThat(unsettled()).isEqualTo(20);
            release.countDown();
        }
    }
}
