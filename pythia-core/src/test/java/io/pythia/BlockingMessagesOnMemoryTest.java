package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryBroker.GroupStats;
import io.pythia.memory.MemoryConfig;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Plain loops over a consumer of the embedded broker. */
@Timeout(120)
class BlockingMessagesOnMemoryTest {
    /** A close that has to wait for a message fails the test by its time-out. */
    private static final Duration FOR_EVER = Duration.ofHours(1);

    private static final int COUNT = 3_000;

    private final Set<String> seen = ConcurrentHashMap.newKeySet();
    private final AtomicInteger taken = new AtomicInteger();
    private final Set<BlockingMessages> open = ConcurrentHashMap.newKeySet();
    private final MemoryBroker broker = new MemoryBroker();
    private final MemoryProducer producer =
            MemoryProducer.builder().topic("orders").broker(broker).build();

    @AfterEach
    void close() {
        producer.close();
    }

    private MemoryConsumer.Builder consumer() {
        return MemoryConsumer.builder()
                .topic("orders")
                .consumerGroup("g")
                .broker(broker)
                .closeTimeout(FOR_EVER);
    }

    private void send(int from, int count) {
        producer.sendBatch(IntStream.range(from, from + count)
                        .mapToObj(i -> Message.of(Integer.toString(i)))
                        .toList())
                .join();
    }

    private GroupStats stats() {
        return broker.stats("orders", "g").orElseThrow();
    }

    private static List<String> numbers(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(Integer::toString).toList();
    }

    @Test
    void loop_takesAllInOrder_andEndsWhenTheConsumerIsDisconnected() {
        send(0, 1_000);
        List<String> texts = new ArrayList<>();
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 16)) {
            for (Message message : messages) {
                texts.add(message.text());
                message.ack();
                if (texts.size() == 1_000) {
                    consumer.disconnect();
                }
            }
        }
        assertThat(texts).containsExactlyElementsOf(numbers(0, 1_000));
        assertThat(stats()).isEqualTo(new GroupStats(0, 0, 0, 0));
    }

    @Test
    void disconnect_whileTheLoopIsSlow_letsItFinishWhatWasPrefetched() throws Exception {
        send(0, 20);
        List<String> texts = new ArrayList<>();
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 5)) {
            Iterator<Message> loop = messages.iterator();
            assertThat(loop.hasNext()).isTrue();
            await().atMost(Duration.ofSeconds(60)).until(() -> stats().inFlight() == 5);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            while (loop.hasNext()) {
                Message message = loop.next();
                texts.add(message.text());
                message.ack();
            }
            disconnected.get(60, TimeUnit.SECONDS);
        }
        assertThat(texts).containsExactlyElementsOf(numbers(0, 5));
        assertThat(stats()).isEqualTo(new GroupStats(15, 0, 0, 0));
    }

    @Test
    void closedLoop_givesTheRestBackAtOnce_andNoneIsCountedAsFailed() {
        send(0, 10);
        try (MemoryConsumer consumer = consumer().maxAttempts(1).build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 8)) {
            for (Message message : messages) {
                message.ack();
                if (message.text().equals("2")) {
                    break;
                }
            }
        }
        assertThat(stats()).isEqualTo(new GroupStats(7, 0, 0, 0));
        assertThat(broker.topics()).containsExactly("orders"); // no dead letters
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 8)) {
            assertThat(messages.stream().limit(7).peek(Message::ack))
                    .extracting(Message::text)
                    .containsExactlyElementsOf(numbers(3, 7));
        }
    }

    @Test
    void closedLoop_whatWasTaken_isStillTheLoopsToSettle() {
        send(0, 4);
        try (MemoryConsumer consumer = consumer().build()) {
            BlockingMessages messages = Messages.blocking(consumer.consume(), 4);
            Iterator<Message> loop = messages.iterator();
            Message first = loop.next();
            Message second = loop.next();
            messages.close();
            assertThat(second.nack().join()).isEqualTo(Settled.DONE);
            assertThat(first.ack().join()).isEqualTo(Settled.DONE);
        }
        assertThat(stats().waiting() + stats().delayed()).isEqualTo(3);
        assertThat(stats().inFlight()).isZero();
    }

    @Test
    void secondLoopOverOneConsumer_isToldWhy() {
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages first = Messages.blocking(consumer.consume(), 1);
                BlockingMessages second = Messages.blocking(consumer.consume(), 1)) {
            first.iterator();
            Iterator<Message> loop = second.iterator();
            assertThatThrownBy(loop::hasNext)
                    .isInstanceOf(BrokerException.class)
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("has a subscriber already");
        }
    }

    @Test
    void sourceThatIsNotThere_isThrownToTheLoop() {
        MemoryBroker strict = new MemoryBroker(MemoryConfig.defaults().withAutoCreateTopics(false));
        try (MemoryConsumer consumer =
                        consumer().broker(strict).retry(RetryConfig.none()).build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 1)) {
            Iterator<Message> loop = messages.iterator();
            assertThatThrownBy(loop::next).isInstanceOf(DestinationNotFoundException.class);
        }
    }

    @Test
    void brokerThatGoesAndComesBack_losesNothing() {
        send(0, 100);
        Set<String> settled = ConcurrentHashMap.newKeySet();
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), 10)) {
            int taken = 0;
            for (Message message : messages) {
                if (++taken == 30) {
                    broker.stop(); // nine wait for the loop, and are stale now
                    broker.start();
                }
                if (message.ack().join() == Settled.DONE) {
                    settled.add(message.text());
                }
                if (settled.size() == 100) {
                    break;
                }
            }
        }
        assertThat(stats()).isEqualTo(new GroupStats(0, 0, 0, 0));
    }

    @Test
    void loopsThatComeAndGo_loseNothing_andDeliverNothingTwice() throws InterruptedException {
        send(0, COUNT);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Random random = new Random(i);
            threads.add(new Thread(() -> {
                while (taken.get() < COUNT) {
                    takeSome(1 + random.nextInt(20), 1 + random.nextInt(100));
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(seen).hasSize(COUNT);
        assertThat(taken).hasValue(COUNT);
        // A consumer that was closed while it connected leaves when its attempt comes back.
        await().atMost(Duration.ofSeconds(60)).until(() -> stats().equals(new GroupStats(0, 0, 0, 0)));
    }

    private void takeSome(int prefetch, int most) {
        try (MemoryConsumer consumer = consumer().build();
                BlockingMessages messages = Messages.blocking(consumer.consume(), prefetch)) {
            open.add(messages);
            int left = taken.get() == COUNT ? 0 : most;
            Iterator<Message> loop = messages.iterator();
            while (left-- > 0 && loop.hasNext()) {
                Message message = loop.next();
                seen.add(message.text());
                message.ack();
                if (taken.incrementAndGet() == COUNT) {
                    open.forEach(BlockingMessages::close);
                }
            }
        }
    }
}
