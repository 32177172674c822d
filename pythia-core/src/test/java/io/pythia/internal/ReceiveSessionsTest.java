package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryProducer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How sessions with a broker begin, are lost, and end, and what the health says of them. */
@Timeout(120)
class ReceiveSessionsTest extends ReceiveEngineFixture {
    @Test
    void stopIntake_tellsTheDriverOnce_whileWhatIsInFlightIsSettled() {
        source.add(0, 5);
        try (Consumer consumer = builder().closeTimeout(Duration.ofSeconds(60)).build()) {
            Collector collector = holdingOne(consumer);
            assertThat(source.intakeStopped.get()).isZero();
            consumer.stopIntake();
            eventually().until(() -> source.intakeStopped.get() == 1);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            assertThat(source.closed.get()).isZero();
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            disconnected.join();
            assertThat(source.intakeStopped.get()).isEqualTo(1);
            assertThat(source.closed.get()).isEqualTo(1);
        }
    }

    @Test
    void disconnect_tellsTheDriverThatTheIntakeIsOver() {
        source.add(0, 5);
        try (Consumer consumer = builder().closeTimeout(Duration.ofSeconds(60)).build()) {
            Collector collector = holdingOne(consumer);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            eventually().until(() -> source.intakeStopped.get() == 1);
            assertThat(source.closed.get()).isZero();
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            disconnected.join();
        }
    }

    @Test
    void disconnect_closesTheDriver_notBeforeItHasStoppedItsIntake() {
        CountDownLatch closed = new CountDownLatch(1);
        AtomicBoolean closedTooEarly = new AtomicBoolean();
        source.onStopIntake = () -> closedTooEarly.set(closed.await(300, TimeUnit.MILLISECONDS));
        source.onClose = closed::countDown;
        try (Consumer consumer = builder().closeTimeout(Duration.ofSeconds(60)).build()) {
            consumer.connect().join();
            consumer.disconnect().join();
        }
        assertThat(source.intakeStopped).hasValue(1);
        assertThat(source.closed).hasValue(1);
        assertThat(closedTooEarly).isFalse();
    }

    @Test
    void stopOfTheIntakeThatHangs_holdsUpNoDisconnect() {
        CountDownLatch never = new CountDownLatch(1);
        source.onStopIntake = never::await;
        Consumer consumer = builder().closeTimeout(Duration.ofMillis(100)).build();
        consumer.connect().join();
        consumer.disconnect().join();
        eventually().until(() -> source.closed.get() == 1);
        never.countDown();
        eventually().until(() -> threads().isEmpty());
    }

    @Test
    void stopOfTheIntakeThatFails_holdsUpNoDisconnect() {
        source.onStopIntake = () -> {
            throw new AssertionError("a bug");
        };
        try (Consumer consumer = builder().closeTimeout(Duration.ofSeconds(60)).build()) {
            consumer.connect().join();
            consumer.disconnect().join();
        }
        assertThat(source.closed).hasValue(1);
    }

    @Test
    void receiveThatFailsBecauseOfTheClose_isNoOutage_andTheDriverIsClosedOnce() {
        CountDownLatch receiving = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        source.onReceive = () -> {
            receiving.countDown();
            closed.await();
            throw ScriptedSource.lost();
        };
        source.onClose = closed::countDown;
        List<String> events = new CopyOnWriteArrayList<>();
        Consumer consumer = builder()
                .closeTimeout(Duration.ofMillis(1))
                .listener(recording(events))
                .build();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        await(receiving);
        consumer.disconnect().join();
        assertThat(collector.end.join()).isNull();
        eventually().until(() -> threads().isEmpty());
        assertThat(source.closed).hasValue(1);
        assertThat(events).isEmpty();
    }

    @Test
    void whatIsReceivedAfterTheClose_isNotGivenOut() {
        source.madeUp.set(1);
        CountDownLatch receiving = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        source.onReceive = () -> {
            receiving.countDown();
            closed.await();
        };
        source.onClose = closed::countDown;
        Consumer consumer = builder().closeTimeout(Duration.ofMillis(1)).build();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        await(receiving);
        consumer.disconnect().join();
        assertThat(collector.end.join()).isNull();
        assertThat(collector.messages).isEmpty();
    }

    @Test
    void sessionThatOpensAfterTheClose_isClosedToo() {
        source.loseSession();
        CountDownLatch restored = new CountDownLatch(1);
        CountDownLatch disconnected = new CountDownLatch(1);
        BrokerListener listener = new BrokerListener() {
            @Override
            public void connectionRestored(String broker, Duration outage) {
                restored.countDown();
                await(disconnected);
            }
        };
        Consumer consumer =
                builder().closeTimeout(Duration.ofMillis(1)).listener(listener).build();
        consumer.consume().subscribe(Collector.acknowledging());
        await(restored);
        consumer.disconnect().join();
        disconnected.countDown();
        eventually().until(() -> threads().isEmpty());
        assertThat(source.opened).hasValue(2);
        assertThat(source.closed).hasValue(2);
    }

    @Test
    void outcomeThatTheDriverNeverAnswers_endsWithTheConsumer() throws Exception {
        source.add(0, 1);
        source.onSettle = batch -> new CompletableFuture<>();
        Consumer consumer = builder().closeTimeout(Duration.ofMillis(100)).build();
        Collector collector = holdingOne(consumer);
        CompletableFuture<Settled> ack = collector.messages.get(0).ack();
        consumer.disconnect().join();
        assertThat(ack.get(60, TimeUnit.SECONDS)).isEqualTo(Settled.STALE);
    }

    @Test
    void rejectedMessage_whoseDeadLetterCantBeSent_endsWithTheConsumer() throws Exception {
        source.add(0, 1);
        try (MemoryProducer deadLetters = deadLettersThatAreAway()) {
            Consumer consumer = builder()
                    .closeTimeout(Duration.ofMillis(500))
                    .deadLetter(deadLetters)
                    .build();
            Collector collector = holdingOne(consumer);
            CompletableFuture<Settled> rejected = collector.messages.get(0).reject("bad");
            consumer.disconnect().join();
            assertThat(rejected.get(60, TimeUnit.SECONDS)).isEqualTo(Settled.STALE);
        }
    }

    @Test
    void brokerThatIsAwayAtFirst_isNoOutage() {
        AtomicInteger attempts = new AtomicInteger();
        source.onOpen = () -> {
            if (attempts.incrementAndGet() < 3) {
                throw ScriptedSource.lost();
            }
        };
        List<String> events = new CopyOnWriteArrayList<>();
        try (Consumer consumer = builder()
                .connectPolicy(ConnectPolicy.WAIT)
                .listener(recording(events))
                .build()) {
            consumer.connect().join();
            assertThat(health(consumer).facts()).containsEntry("reconnects", "0");
        }
        assertThat(events).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void subscribingAfterTheClose_isRefused_alsoIfItWasNeverConnected(boolean connected) throws Exception {
        Consumer consumer = builder().build();
        if (connected) {
            consumer.connect().join();
        }
        consumer.close();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        assertThat(collector.end.get(60, TimeUnit.SECONDS)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void sessionLost_isReplaced_andItsMessagesAreStale() {
        source.add(0, 1);
        List<String> events = new CopyOnWriteArrayList<>();
        try (Consumer consumer = builder().listener(recording(events)).build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
            source.loseSession();
            eventually().until(() -> source.opened.get() == 2);
            eventually().until(() -> events.equals(List.of("lost", "restored")));
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
            assertThat(source.settled).isEmpty();
            source.add(1, 1);
            eventually().until(() -> collector.numbers().contains(1));
            assertThat(source.closed.get()).isEqualTo(1);
        }
        assertThat(source.closed.get()).isEqualTo(2);
    }

    @Test
    void cancel_endsTheSignals_andClosesWhenAllIsSettled() {
        source.add(0, 10);
        try (Consumer consumer = builder().build()) {
            Collector collector = holdingOne(consumer);
            collector.subscription.join().cancel();
            collector.subscription.join().request(10);
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            eventually().until(() -> source.closed.get() == 1);
            assertThat(collector.messages).hasSize(1);
            assertThat(collector.end).isNotDone();
        }
    }

    @Test
    void cancel_whenAConnectionWasJustOpened_closesIt() {
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch subscribed = new CountDownLatch(1);
        source.onOpen = () -> {
            opening.countDown();
            subscribed.await();
        };
        try (Consumer consumer = builder().build()) {
            consumer.connect();
            await(opening);
            consumer.consume().subscribe(new Collector(1, message -> {}) {
                @Override
                public void onSubscribe(Flow.Subscription given) {
                    subscribed.countDown();
                    eventually().until(() -> threads().stream().noneMatch(name -> name.endsWith("-connect")));
                    given.cancel();
                }
            });
            eventually().until(() -> source.closed.get() == 1);
        }
        assertThat(source.opened).hasValue(1);
    }

    @Test
    void disconnect_waitsForWhatIsInFlight_thenCompletesTheStream() {
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofSeconds(30)).build();
        Collector collector = holdingOne(consumer);
        CompletableFuture<Void> disconnected = consumer.disconnect();
        assertThat(source.closed.get()).isZero();
        assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
        disconnected.join();
        assertThat(source.closed.get()).isEqualTo(1);
        assertThat(collector.end.join()).isNull();
        eventually().until(() -> threads().isEmpty());
    }

    @Test
    void disconnect_endsInTime_whateverHangs() {
        CountDownLatch never = new CountDownLatch(1);
        source.add(0, 1);
        source.onClose = never::await;
        Consumer consumer = builder().closeTimeout(Duration.ofMillis(200)).build();
        consumer.consume().subscribe(new Collector(1, message -> await(never)));
        eventually().until(() -> source.waiting.isEmpty());
        long before = System.nanoTime();
        consumer.disconnect().join();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(30));
        never.countDown();
        eventually().until(() -> threads().isEmpty());
    }

    @Test
    void stuckMessage_makesTheHealthDown_andIsNamedWithTheStack() {
        CountDownLatch release = new CountDownLatch(1);
        source.add(41, 1);
        try (Consumer consumer = builder().stuckAfter(Duration.ofMillis(50)).build()) {
            Collector collector = new Collector(1, message -> await(release));
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1); // until it is connected it is DOWN too
            eventually().until(() -> health(consumer).status() == Health.Status.DOWN);
            assertThat(health(consumer).detail())
                    .contains("message 41", "unsettled", ReceiveEngineFixture.class.getSimpleName());
            release.countDown();
        }
    }

    @Test
    void brokerThatIsSilent_isDownWithinSeconds() {
        CountDownLatch never = new CountDownLatch(1);
        source.recovers = true;
        try (Consumer consumer = builder().build()) {
            consumer.connect().join();
            source.onPing = never::await;
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
            source.onPing = () -> {};
            eventually().until(() -> health(consumer).isUp());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAHealthCheckFinds_isActedOn(boolean recoversByItself) {
        source.recovers = recoversByItself;
        List<String> events = new CopyOnWriteArrayList<>();
        try (Consumer consumer = builder().listener(recording(events)).build()) {
            consumer.connect().join();
            source.onPing = () -> {
                throw ScriptedSource.lost();
            };
            // Who asks all the time would be the only one to know: the engine asks when nobody else does.
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
            source.onPing = () -> {};
            eventually().until(() -> health(consumer).isUp());
            eventually().until(() -> events.contains("lost") && events.contains("restored"));
            assertThat(source.opened.get()).isEqualTo(recoversByItself ? 1 : 2);
        }
    }

    @Test
    void driverWithABug_failsLoudly() {
        source.onReceive = () -> {
            throw new AssertionError("a bug");
        };
        try (Consumer consumer = builder().build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(AssertionError.class);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
        }
    }
}
