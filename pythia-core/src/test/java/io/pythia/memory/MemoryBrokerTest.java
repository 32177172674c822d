package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.internal.DeadLetterHeaders;
import io.pythia.memory.MemoryBroker.GroupStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The embedded broker as an application sees it, through the engine. */
class MemoryBrokerTest {
    private static final Consumer<Message> ACK = Message::ack;
    private static final Consumer<Message> KEEP = message -> {};

    private final MemoryBroker broker = new MemoryBroker();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private MemoryProducer producer(String topic) {
        MemoryProducer producer =
                MemoryProducer.builder().topic(topic).broker(broker).build();
        open.add(producer);
        return producer;
    }

    private MemoryConsumer.Builder builder(String topic) {
        return MemoryConsumer.builder().topic(topic).broker(broker).closeTimeout(Duration.ZERO);
    }

    private Collected consume(MemoryConsumer.Builder builder, Consumer<Message> handler) {
        MemoryConsumer consumer = builder.build();
        open.add(consumer);
        return Collected.from(consumer, handler);
    }

    private List<SendResult> send(MemoryProducer producer, String... bodies) {
        return List.of(bodies).stream()
                .map(body -> producer.send(Message.of(body)).join())
                .toList();
    }

    private GroupStats stats(String topic, String group) {
        return broker.stats(topic, group).orElseThrow();
    }

    @Test
    void send_confirmedWithTopicAndOffset() {
        List<SendResult> results = send(producer("orders"), "a", "b");

        assertThat(results).extracting(SendResult::destination).containsOnly("orders");
        assertThat(results).extracting(r -> r.details().get("offset")).containsExactly("0", "1");
    }

    @Test
    void consume_messageHasAllThatWasSent() {
        byte[] body = {0, 1, (byte) 255};
        Message sent = Message.builder()
                .id("i-1")
                .key("k")
                .header("a", "1")
                .header("a", "2")
                .body(body)
                .build();
        producer("orders").send(sent).join();
        Message received =
                consume(builder("orders"), ACK).awaitCount(1).messages.get(0);

        assertThat(received.id()).isEqualTo("i-1");
        assertThat(received.key()).isEqualTo("k");
        assertThat(received.headers()).isEqualTo(sent.headers());
        assertThat(received.body()).containsExactly(body);
        assertThat(received.timestamp()).isEqualTo(sent.timestamp());
        assertThat(received.source()).isEqualTo("orders");
        assertThat(received.attempt()).isEqualTo(1);
        assertThat(received.unwrap(MemoryRecord.class)).contains(new MemoryRecord("orders", 0));
        assertThat(received.unwrap(String.class)).isEmpty();
    }

    @Test
    void consume_idOfSenderThatChoseNone_isTopicAndOffset() {
        send(producer("orders"), "a");

        assertThat(consume(builder("orders"), ACK).awaitCount(1).messages.get(0).id())
                .isEqualTo("orders@0");
    }

    @Test
    void body_changedByAnyone_isTheSameForEverybodyElse() {
        Message sent = Message.of("abc");
        producer("orders").send(sent).join();
        sent.body()[0] = 'X';
        Collected first = consume(builder("orders").consumerGroup("g1"), m -> m.body()[1] = 'Y')
                .awaitCount(1);
        assertThat(first.texts()).containsExactly("aYc");

        assertThat(consume(builder("orders").consumerGroup("g2"), ACK)
                        .awaitCount(1)
                        .texts())
                .containsExactly("abc");
    }

    @Test
    void groups_eachGetsEverything_lateOnesFromTheStart() {
        MemoryProducer producer = producer("orders");
        send(producer, "a", "b");
        Collected first = consume(builder("orders").consumerGroup("g1"), ACK).awaitCount(2);
        await().atMost(Collected.LONG).until(() -> stats("orders", "g1").inFlight() == 0);
        Collected late = consume(builder("orders").consumerGroup("g2"), ACK).awaitCount(2);
        send(producer, "c");

        assertThat(first.awaitCount(3).texts()).containsExactly("a", "b", "c");
        assertThat(late.awaitCount(3).texts()).containsExactly("a", "b", "c");
    }

    @Test
    void groups_notFromStart_beginWithWhatComes() {
        MemoryProducer producer = producer("orders");
        send(producer, "a");
        MemoryConsumer consumer = builder("orders").fromStart(false).build();
        open.add(consumer);
        consumer.connect().join();
        send(producer, "b");

        assertThat(Collected.from(consumer, ACK).awaitCount(1).texts()).containsExactly("b");
    }

    @Test
    void consumersOfOneGroup_shareTheMessages() {
        MemoryProducer producer = producer("orders");
        Collected one = consume(builder("orders").maxInFlight(1), KEEP);
        Collected two = consume(builder("orders").maxInFlight(1), KEEP);
        send(producer, "a", "b", "c");

        one.awaitCount(1);
        two.awaitCount(1);
        assertThat(List.of(one.texts().get(0), two.texts().get(0))).containsExactlyInAnyOrder("a", "b");
        assertThat(stats("orders", "default")).isEqualTo(new GroupStats(1, 0, 2, 2));
    }

    @Test
    void consumer_ofSeveralTopics_getsAll() {
        Collected all = consume(builder("orders").topics(List.of("orders", "bills")), ACK);
        send(producer("orders"), "o");
        send(producer("bills"), "b");

        assertThat(all.awaitCount(2).messages).extracting(Message::source).containsExactlyInAnyOrder("orders", "bills");
    }

    @Test
    void nack_deliveredAgainAtOnceWithTheNextAttempt() {
        send(producer("orders"), "a");
        AtomicInteger count = new AtomicInteger();
        Collected all = consume(builder("orders"), m -> {
            CompletableFuture<Settled> settled = count.incrementAndGet() < 3 ? m.nack() : m.ack();
            assertThat(settled).isNotNull();
        });

        assertThat(all.awaitCount(3).messages).extracting(Message::attempt).containsExactly(1, 2, 3);
    }

    @Test
    void nack_withDelay_waitsForIt() {
        send(producer("orders"), "a");
        Duration delay = Duration.ofMillis(200);
        List<Long> at = new CopyOnWriteArrayList<>();
        consume(builder("orders"), m -> {
            at.add(System.nanoTime());
            CompletableFuture<Settled> settled = m.attempt() == 1 ? m.nack(delay) : m.ack();
            assertThat(settled).isNotNull();
        });
        Awaitility.await().atMost(Collected.LONG).until(() -> at.size() == 2);

        assertThat(Duration.ofNanos(at.get(1) - at.get(0))).isGreaterThanOrEqualTo(delay);
    }

    @Test
    void reject_movesToTheDeadLetterTopicWithTheReason() {
        producer("orders")
                .send(Message.builder()
                        .id("i")
                        .key("k")
                        .header("h", "v")
                        .body("a")
                        .build())
                .join();
        consume(builder("orders"), m -> m.reject("no such table")).awaitCount(1);
        Message dead =
                consume(builder("orders.dead"), ACK).awaitCount(1).messages.get(0);

        assertThat(dead.text()).isEqualTo("a");
        assertThat(dead.id()).isEqualTo("i");
        assertThat(dead.key()).isEqualTo("k");
        assertThat(dead.headers().get("h")).isEqualTo("v");
        assertThat(dead.headers().get(DeadLetterHeaders.REASON)).isEqualTo("no such table");
        assertThat(dead.headers().get(DeadLetterHeaders.SOURCE)).isEqualTo("orders");
        assertThat(dead.headers().get(DeadLetterHeaders.ATTEMPTS)).isEqualTo("1");
        await().atMost(Collected.LONG).until(() -> stats("orders", "default").inFlight() == 0);
        assertThat(stats("orders", "default").waiting()).isZero();
    }

    @Test
    void maxAttempts_countedAcrossConsumers_thenDeadLetter() {
        send(producer("orders"), "a");
        MemoryConsumer first = builder("orders").maxAttempts(2).build();
        Collected.from(first, Message::nack).awaitCount(1);
        await().atMost(Collected.LONG).until(() -> broker.size("orders.dead") == 1);
        first.close();

        await().atMost(Collected.LONG).until(() -> stats("orders", "default").equals(new GroupStats(0, 0, 0, 0)));
    }

    @Test
    void close_returnsWhatIsUnsettledAtOnceAndInOrder() {
        MemoryProducer producer = producer("orders");
        send(producer, "a", "b", "c", "d");
        MemoryConsumer first = builder("orders").maxInFlight(3).build();
        Collected kept = Collected.from(first, KEEP).awaitCount(3);
        kept.messages.get(1).ack().join();
        first.close();
        Collected second = consume(builder("orders"), ACK).awaitCount(3);

        assertThat(second.texts()).startsWith("a", "c", "d");
        assertThat(second.messages.get(0).attempt()).isEqualTo(2);
        assertThat(kept.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
    }

    @Test
    void lease_isExtendedWhileInFlight_andEndsAfterMaxLease() {
        send(producer("orders"), "a");
        long since = System.nanoTime();
        Collected slow = consume(
                builder("orders")
                        .leaseTime(Duration.ofSeconds(5))
                        .maxLease(Duration.ofSeconds(6))
                        .maxInFlight(1),
                KEEP);
        slow.awaitCount(1);
        Collected other = consume(builder("orders"), ACK).awaitCount(1);

        assertThat(Duration.ofNanos(System.nanoTime() - since)).isGreaterThan(Duration.ofSeconds(6));
        assertThat(other.messages.get(0).attempt()).isEqualTo(2);
        assertThat(slow.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
    }

    @Test
    void leaseOfZero_lastsUntilSettled() {
        send(producer("orders"), "a");
        Collected slow =
                consume(builder("orders").leaseTime(Duration.ZERO), KEEP).awaitCount(1);

        assertThat(slow.messages.get(0).extend(Duration.ofMillis(1)).join()).isEqualTo(Settled.DONE);
        assertThat(slow.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
    }

    @Test
    void stop_isSeen_andStartGoesOnWithTheData() {
        MemoryProducer producer = producer("orders");
        send(producer, "a");
        MemoryConsumer consumer = builder("orders").build();
        open.add(consumer);
        Collected all = Collected.from(consumer, KEEP).awaitCount(1);
        broker.stop();

        await().atMost(Collected.LONG).until(() -> consumer.healthCheck().join().status() == Health.Status.DOWN);
        assertThatThrownBy(() -> builder("orders").build().connect().join())
                .hasCauseInstanceOf(BrokerConnectionException.class);
        CompletableFuture<SendResult> during = producer.send(Message.of("b"));
        broker.start();

        during.join();
        assertThat(all.awaitCount(3).texts()).containsExactly("a", "a", "b");
        assertThat(all.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
        assertThat(all.messages.get(1).attempt()).isEqualTo(2);
        assertThat(consumer.healthCheck().join().status()).isEqualTo(Health.Status.UP);
    }

    @Test
    void failNextSends_retryableIsSentAgain_otherFails() {
        MemoryProducer producer = producer("orders");
        broker.failNextSends(3, new MessageException("not now", null, true));
        send(producer, "a");
        broker.failNextSends(1, new MessageException("never"));

        assertThatThrownBy(() -> send(producer, "b"))
                .hasCauseInstanceOf(MessageException.class)
                .hasMessageContaining("never");
        send(producer, "c");
        assertThat(consume(builder("orders"), ACK).awaitCount(2).texts()).containsExactly("a", "c");
    }

    @Test
    void topicsThatAreNotThere_areNotFoundUnlessCreated() {
        MemoryBroker strict = new MemoryBroker(MemoryConfig.defaults().withAutoCreateTopics(false));
        MemoryProducer producer =
                MemoryProducer.builder().topic("orders").broker(strict).build();
        MemoryConsumer consumer =
                MemoryConsumer.builder().topic("orders").broker(strict).build();

        assertThatThrownBy(() -> producer.send(Message.of("a")).join())
                .hasCauseInstanceOf(DestinationNotFoundException.class);
        Collected nothing = Collected.from(consumer, ACK);
        await().atMost(Collected.LONG).until(() -> nothing.error instanceof DestinationNotFoundException);
        producer.close();

        strict.createTopic("orders");
        try (MemoryProducer second =
                MemoryProducer.builder().topic("orders").broker(strict).build()) {
            second.send(Message.of("a")).join();
        }
        assertThat(strict.topics()).containsExactly("orders");
    }

    @Test
    void oversize_refusedAtOnce_nextOneGoes() {
        MemoryBroker small = new MemoryBroker(MemoryConfig.defaults().withMaxMessageBytes(10));
        try (MemoryProducer producer =
                MemoryProducer.builder().topic("orders").broker(small).build()) {
            assertThat(producer.send(Message.of(new byte[11]))).isCompletedExceptionally();
            assertThat(producer.send(Message.of(new byte[10])).join().destination())
                    .isEqualTo("orders");
        }
    }

    @Test
    void fullBroker_refusesRetryably_untilSomethingIsConsumed() {
        MemoryBroker small = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(3));
        try (MemoryProducer impatient = MemoryProducer.builder()
                        .topic("orders")
                        .broker(small)
                        .sendTimeout(Duration.ofSeconds(1))
                        .build();
                MemoryProducer producer =
                        MemoryProducer.builder().topic("orders").broker(small).build()) {
            send(producer, "a", "b", "c");
            assertThatThrownBy(() -> impatient.send(Message.of("x")).join())
                    .cause()
                    .isInstanceOf(MessageException.class)
                    .satisfies(
                            e -> assertThat(((BrokerException) e).isRetryable()).isTrue());

            List<CompletableFuture<SendResult>> more = IntStream.range(0, 10)
                    .mapToObj(i -> producer.send(Message.of("m" + i)))
                    .toList();
            try (MemoryConsumer consumer =
                    MemoryConsumer.builder().topic("orders").broker(small).build()) {
                Collected all = Collected.from(consumer, ACK);
                more.forEach(CompletableFuture::join);
                assertThat(all.awaitCount(13).messages).hasSize(13);
            }
        }
    }

    @Test
    void deleteGroup_consumerComesBackToANewOne() {
        MemoryProducer producer = producer("orders");
        send(producer, "a", "b");
        Collected all = consume(builder("orders"), KEEP).awaitCount(2);

        assertThat(broker.deleteGroup("orders", "default")).isTrue();
        assertThat(all.awaitCount(4).messages).extracting(Message::attempt).containsExactly(1, 1, 1, 1);
        assertThat(all.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
        assertThat(all.messages.get(2).ack().join()).isEqualTo(Settled.DONE);
        assertThat(broker.deleteGroup("orders", "other")).isFalse();
    }

    @Test
    void deleteTopic_isGoneWithItsMessages() {
        send(producer("orders"), "a");

        assertThat(broker.deleteTopic("orders")).isTrue();
        assertThat(broker.deleteTopic("orders")).isFalse();
        assertThat(broker.size("orders")).isZero();
        assertThat(broker.stats("orders", "default")).isEmpty();
    }
}
