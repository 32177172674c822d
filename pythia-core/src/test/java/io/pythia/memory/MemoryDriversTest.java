package io.pythia.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pythia.BrokerConnectionException;
import io.pythia.spi.Outcome;
import io.pythia.spi.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two drivers without the engine: time stands still until a test moves it. */
class MemoryDriversTest {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final AtomicLong clock = new AtomicLong();
    private MemoryBroker broker = new MemoryBroker(MemoryConfig.defaults(), clock::get);
    private final AtomicReference<Thread> lastThread = new AtomicReference<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        threads.shutdownNow();
    }

    private MemoryReceiver receiver(String... topics) {
        return receiver(LEASE, topics);
    }

    private MemoryReceiver receiver(Duration lease, String... topics) {
        MemoryReceiver receiver = new MemoryReceiver(
                "memory:test", new MemoryConsumerSettings(broker, List.of(topics), "g", lease, true, null));
        receiver.open();
        return receiver;
    }

    private List<FakeOutgoing> send(String topic, String... bodies) {
        MemorySender sender = new MemorySender("memory:test", topic, broker);
        sender.open();
        List<FakeOutgoing> batch =
                List.of(bodies).stream().map(FakeOutgoing::new).toList();
        try {
            sender.send(batch);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        sender.close();
        return batch;
    }

    private static List<MemoryDelivery> take(MemoryReceiver receiver, int max) {
        try {
            return receiver.receive(max, Duration.ZERO).stream()
                    .map(Received::receipt)
                    .toList();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> texts(List<MemoryDelivery> deliveries) {
        return deliveries.stream().map(d -> new String(d.body())).toList();
    }

    private static boolean settle(MemoryReceiver receiver, MemoryDelivery delivery, Outcome outcome, Duration delay) {
        FakeSettlement settlement = new FakeSettlement(delivery, outcome, delay);
        assertThat(receiver.settle(List.of(settlement))).isCompleted();
        return !settlement.stale;
    }

    private static boolean ack(MemoryReceiver receiver, MemoryDelivery delivery) {
        return settle(receiver, delivery, Outcome.ACK, Duration.ZERO);
    }

    private void pass(Duration time) {
        clock.addAndGet(time.toNanos());
    }

    private CompletableFuture<List<String>> takeInBackground(MemoryReceiver receiver, Duration wait) {
        return takeInBackground(receiver, 10, wait);
    }

    private CompletableFuture<List<String>> takeInBackground(MemoryReceiver receiver, int max, Duration wait) {
        CompletableFuture<List<String>> taken = new CompletableFuture<>();
        lastThread.set(null);
        threads.execute(() -> {
            lastThread.set(Thread.currentThread());
            try {
                taken.complete(texts(receiver.receive(max, wait).stream()
                        .map(Received::receipt)
                        .toList()));
            } catch (InterruptedException | RuntimeException e) {
                taken.completeExceptionally(e);
            }
        });
        await().atMost(Collected.LONG).until(() -> lastThread.get() != null);
        return taken;
    }

    @Test
    void receive_inOrderAndNoMoreThanAsked() {
        send("t", "a", "b", "c");
        MemoryReceiver receiver = receiver("t");

        assertThat(texts(take(receiver, 2))).containsExactly("a", "b");
        assertThat(texts(take(receiver, 2))).containsExactly("c");
        assertThat(take(receiver, 2)).isEmpty();
    }

    @Test
    void receive_severalTopics_eachHasItsTurn() {
        send("t", "t1", "t2");
        send("u", "u1", "u2");
        MemoryReceiver receiver = receiver("t", "u");

        assertThat(texts(take(receiver, 1))).containsExactly("t1");
        assertThat(texts(take(receiver, 1))).containsExactly("u1");
        assertThat(texts(take(receiver, 9))).containsExactly("t2", "u2");
    }

    @Test
    void lease_ended_isDeliveredToTheNextAndTheOldReceiptIsStale() {
        send("t", "a", "b");
        MemoryReceiver slow = receiver("t");
        MemoryReceiver other = receiver("t");
        MemoryDelivery first = take(slow, 1).get(0);

        pass(LEASE.minusNanos(1));
        assertThat(texts(take(other, 1))).containsExactly("b");
        pass(Duration.ofNanos(1));
        MemoryDelivery again = take(other, 1).get(0);
        assertThat(again.attempt).isEqualTo(2);
        assertThat(ack(slow, first)).isFalse();
        assertThat(ack(slow, again)).isFalse();
        assertThat(ack(other, again)).isTrue();
        assertThat(ack(other, again)).isFalse();
    }

    @Test
    void lease_endedAndNobodyLooked_canStillBeAcknowledged() {
        send("t", "a");
        MemoryReceiver slow = receiver("t");
        MemoryDelivery first = take(slow, 1).get(0);
        pass(LEASE.multipliedBy(2));

        assertThat(ack(slow, first)).isTrue();
        assertThat(take(receiver("t"), 1)).isEmpty();
    }

    @Test
    void extend_countsFromNow() {
        send("t", "a");
        MemoryReceiver slow = receiver("t");
        MemoryReceiver other = receiver("t");
        MemoryDelivery first = take(slow, 1).get(0);
        pass(Duration.ofSeconds(20));
        assertThat(settle(slow, first, Outcome.EXTEND, LEASE)).isTrue();

        pass(LEASE.minusNanos(1));
        assertThat(take(other, 1)).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(take(other, 1)).hasSize(1);
        assertThat(settle(slow, first, Outcome.EXTEND, LEASE)).isFalse();
    }

    @Test
    void nack_withoutDelay_comesFirst_withDelay_whenItHasPassed() {
        send("t", "a", "b", "c");
        MemoryReceiver receiver = receiver("t");
        List<MemoryDelivery> two = take(receiver, 2);
        settle(receiver, two.get(0), Outcome.NACK, Duration.ofSeconds(5));
        settle(receiver, two.get(1), Outcome.NACK, Duration.ZERO);

        assertThat(texts(take(receiver, 9))).containsExactly("b", "c");
        pass(Duration.ofSeconds(5).minusNanos(1));
        assertThat(take(receiver, 9)).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(texts(take(receiver, 9))).containsExactly("a");
    }

    @Test
    void nack_unseen_isNoAttempt() {
        send("t", "a", "b");
        MemoryReceiver receiver = receiver("t");
        for (int i = 0; i < 3; i++) {
            MemoryDelivery first = take(receiver, 1).get(0);
            assertThat(first.attempt).isEqualTo(1);
            FakeSettlement settlement = new FakeSettlement(first, Outcome.NACK, Duration.ZERO);
            settlement.unseen = true;
            receiver.settle(List.of(settlement));
            assertThat(settlement.stale).isFalse();
            assertThat(ack(receiver, first)).isFalse();
        }
        MemoryDelivery first = take(receiver, 1).get(0);
        settle(receiver, first, Outcome.NACK, Duration.ZERO);
        assertThat(take(receiver, 1).get(0).attempt).isEqualTo(2);
    }

    @Test
    void close_putsUnsettledToTheHeadInOrder() {
        send("t", "a", "b", "c", "d", "e");
        MemoryReceiver one = receiver("t");
        MemoryReceiver two = receiver("t");
        List<MemoryDelivery> ofOne = take(one, 2);
        List<MemoryDelivery> ofTwo = take(two, 2);
        two.close();
        one.close();
        one.close();

        assertThat(texts(take(receiver("t"), 9))).containsExactly("a", "b", "c", "d", "e");
        assertThat(ack(one, ofOne.get(0))).isFalse();
        assertThat(ack(two, ofTwo.get(0))).isFalse();
        assertThatThrownBy(() -> take(one, 1)).isInstanceOf(BrokerConnectionException.class);
        assertThatThrownBy(one::ping).isInstanceOf(BrokerConnectionException.class);
    }

    @Test
    void consumed_isKeptForReplayUpToTheLimit() {
        broker = new MemoryBroker(MemoryConfig.defaults().withReplayMessages(2), clock::get);
        MemoryReceiver receiver = receiver("t");
        send("t", "a", "b", "c", "d");
        take(receiver, 4).forEach(each -> ack(receiver, each));

        assertThat(broker.size("t")).isEqualTo(2);
        MemoryReceiver late =
                new MemoryReceiver("late", new MemoryConsumerSettings(broker, List.of("t"), "late", LEASE, true, null));
        late.open();
        assertThat(texts(take(late, 9))).containsExactly("c", "d");
    }

    @Test
    void consumed_behindAnUnsettledOne_makesRoomToo() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(3), clock::get);
        MemoryReceiver receiver = receiver("t");
        send("t", "stuck", "b", "c");
        List<MemoryDelivery> all = take(receiver, 3);
        ack(receiver, all.get(1));
        ack(receiver, all.get(2));

        assertThat(send("t", "d", "e")).allMatch(o -> o.error == null);
        assertThat(texts(take(receiver, 9))).containsExactly("d", "e");
        assertThat(ack(receiver, all.get(0))).isTrue();
    }

    @Test
    void full_otherTopicsConsumedMessagesAreTrimmed() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(2), clock::get);
        MemoryReceiver receiver = receiver("t");
        send("t", "a", "b");
        take(receiver, 2).forEach(each -> ack(receiver, each));

        assertThat(send("u", "c", "d")).allMatch(o -> o.error == null);
        assertThat(broker.size("t")).isZero();
    }

    @Test
    void full_ofBytes_refusesTheRestOfTheBatchInOrder() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxBytes(1000));
        List<FakeOutgoing> sent = send("t", "a", "x".repeat(900), "b");

        assertThat(sent.get(0).result).isNotNull();
        assertThat(sent.subList(1, 3))
                .extracting(o -> o.error)
                .allSatisfy(error -> assertThat(error)
                        .hasMessageContaining("the topic is full")
                        .matches(e -> e != null && e.isRetryable()));
    }

    @Test
    void full_ofPoison_canBeEmptiedByRejecting() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(2), clock::get);
        MemoryReceiver receiver = receiver("t");
        send("t", "a", "b");
        for (MemoryDelivery each : take(receiver, 2)) {
            assertThat(settle(receiver, each, Outcome.REJECT, Duration.ZERO)).isTrue();
        }

        assertThat(texts(take(receiver("t.dead"), 9))).containsExactly("a", "b");
    }

    @Test
    void full_withoutAnyGroup_nothingIsThrownAway() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(2));

        assertThat(send("t", "a", "b", "c")).extracting(o -> o.error == null).containsExactly(true, true, false);
        assertThat(texts(take(receiver("t"), 9))).containsExactly("a", "b");
    }

    @Test
    void wakeup_isRemembered() {
        MemoryReceiver receiver = receiver("t");
        receiver.wakeup();

        assertThat(takeInBackground(receiver, Duration.ofMinutes(5)))
                .succeedsWithin(Collected.LONG)
                .satisfies(taken -> assertThat(taken).isEmpty());
    }

    @Test
    void wakeup_closeAndStop_endAReceive() {
        MemoryReceiver woken = receiver("t");
        MemoryReceiver closed = receiver("t");
        MemoryReceiver stopped = receiver("t");
        var first = takeInBackground(woken, Duration.ofMinutes(5));
        var second = takeInBackground(closed, Duration.ofMinutes(5));
        var third = takeInBackground(stopped, Duration.ofMinutes(5));

        woken.wakeup();
        assertThat(first).succeedsWithin(Collected.LONG);
        closed.close();
        await().atMost(Collected.LONG).until(second::isCompletedExceptionally);
        broker.stop();
        await().atMost(Collected.LONG).until(third::isCompletedExceptionally);
    }

    @Test
    void receive_manyWait_eachMessageFindsOne() {
        broker = new MemoryBroker();
        List<CompletableFuture<List<String>>> taken = IntStream.range(0, 5)
                .mapToObj(i -> takeInBackground(receiver("t"), Duration.ofMinutes(5)))
                .toList();
        for (int i = 1; i <= 5; i++) {
            send("t", "m");
            long wanted = i;
            await().atMost(Collected.LONG)
                    .until(() ->
                            taken.stream().filter(CompletableFuture::isDone).count() == wanted);
        }

        assertThat(taken).allSatisfy(each -> assertThat(each.join()).containsExactly("m"));
    }

    @Test
    void receive_manyWaitAndOneBatchComes_whoTakesItsPartWakesTheNext() {
        broker = new MemoryBroker();
        List<CompletableFuture<List<String>>> taken = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            taken.add(takeInBackground(receiver("t"), 1, Duration.ofMinutes(5)));
            awaitWaiting();
        }
        send("t", "a", "b", "c", "d");

        assertThat(taken).allSatisfy(each -> assertThat(each).succeedsWithin(Collected.LONG));
        assertThat(taken.stream().flatMap(each -> each.join().stream())).containsExactlyInAnyOrder("a", "b", "c", "d");
    }

    @Test
    void receive_noticesALeaseThatEndsMeanwhile() {
        broker = new MemoryBroker();
        send("t", "a");
        take(receiver(Duration.ofMillis(50), "t"), 1);

        assertThat(takeInBackground(receiver("t"), Duration.ofMinutes(5)))
                .succeedsWithin(Collected.LONG)
                .isEqualTo(List.of("a"));
    }

    @ParameterizedTest
    @EnumSource(names = {"NACK", "EXTEND"})
    void receive_whileWaiting_noticesWhatIsDueSoonerThanItKnew(Outcome outcome) {
        broker = new MemoryBroker();
        send("t", "a");
        MemoryReceiver slow = receiver(Duration.ofMinutes(5), "t");
        MemoryDelivery first = take(slow, 1).get(0);
        var other = takeInBackground(receiver("t"), Duration.ofMinutes(5));
        awaitWaiting();
        settle(slow, first, outcome, Duration.ofMillis(50));

        assertThat(other).succeedsWithin(Collected.LONG).isEqualTo(List.of("a"));
    }

    @Test
    void receive_wokenForAMessageAndInterrupted_anotherGetsIt() {
        broker = new MemoryBroker();
        MemoryReceiver one = receiver("t");
        MemoryReceiver two = receiver("t");
        var first = takeInBackground(one, Duration.ofMinutes(5));
        awaitWaiting();
        Thread interrupted = lastThread.get();
        var second = takeInBackground(two, Duration.ofMinutes(5));
        awaitWaiting();
        interrupted.interrupt();
        send("t", "a");

        await().atMost(Collected.LONG).until(() -> first.isDone() || second.isDone());
        assertThat(first.isCompletedExceptionally() ? second : first)
                .succeedsWithin(Collected.LONG)
                .isEqualTo(List.of("a"));
    }

    private void awaitWaiting() {
        await().atMost(Collected.LONG).until(() -> lastThread.get().getState() == Thread.State.TIMED_WAITING);
    }

    @Test
    void send_afterRestart_needsANewSession() throws InterruptedException {
        MemorySender sender = new MemorySender("memory:test", "t", broker);
        sender.open();
        broker.stop();
        assertThatThrownBy(() -> sender.send(List.of(new FakeOutgoing("a"))))
                .isInstanceOf(BrokerConnectionException.class);
        broker.start();

        assertThatThrownBy(sender::ping).isInstanceOf(BrokerConnectionException.class);
        assertThat(send("t", "a").get(0).result).isNotNull();
    }

    @Test
    void send_waitingForRoom_endsWhenClosed() {
        broker = new MemoryBroker(MemoryConfig.defaults().withMaxMessages(1), clock::get);
        send("t", "a");
        MemorySender sender = new MemorySender("memory:test", "t", broker);
        sender.open();
        CompletableFuture<Void> sent = new CompletableFuture<>();
        threads.execute(() -> {
            try {
                while (true) {
                    sender.send(List.of(new FakeOutgoing("b")));
                }
            } catch (InterruptedException | RuntimeException e) {
                sent.completeExceptionally(e);
            }
        });
        sender.close();

        await().atMost(Collected.LONG).until(sent::isCompletedExceptionally);
        assertThatThrownBy(sent::join).hasCauseInstanceOf(BrokerConnectionException.class);
    }

    @Test
    void facts_tellTheLag() {
        send("t", "a", "b", "c");
        MemoryReceiver receiver = receiver("t");
        MemoryDelivery first = take(receiver, 1).get(0);
        settle(receiver, first, Outcome.NACK, Duration.ofSeconds(1));

        assertThat(receiver.facts()).containsEntry("lag", "3");
    }
}
