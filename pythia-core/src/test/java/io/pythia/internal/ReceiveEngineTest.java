package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerTimeoutException;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ReceiveEngineTest {
    private static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(1), Duration.ofMillis(20), true, true);

    private final ScriptedSource source = new ScriptedSource();

    private Consumer.Builder builder() {
        return source.consumer().retry(QUICK).closeTimeout(Duration.ofSeconds(2));
    }

    @Test
    void messages_acknowledgedInOnNext_areSettledInOrderAndInBatches() {
        source.add(0, 1_000);
        try (Consumer consumer = builder().build()) {
            consumer.consume().subscribe(Collector.acknowledging());
            eventually().until(() -> source.settled.size() == 1_000);
        }
        assertThat(source.acknowledged()).containsExactlyElementsOf(numbers(1_000));
        assertThat(source.batchSizes.size()).isLessThan(500);
    }

    @Test
    void receive_neverAsksForMoreThanRequestedOrBatchSize() {
        source.add(0, 100);
        try (Consumer consumer = builder().batchSize(7).build()) {
            Collector collector = new Collector(20, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 20);
            assertThat(source.mostAskedFor.get()).isLessThanOrEqualTo(7);
            collector.subscription.join().request(80);
            eventually().until(() -> collector.messages.size() == 100);
        }
    }

    @Test
    void byteWindow_stopsTheIntakeUntilSomethingIsSettled() {
        source.add(0, 100);
        try (Consumer consumer = builder().batchSize(1).maxInFlightBytes(5).build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 5); // one byte each
            assertThat(health(consumer).detail()).contains("waits for the application");
            collector.messages.get(0).ack();
            eventually().until(() -> collector.messages.size() == 6);
        }
    }

    @Test
    void stopIntake_tellsTheDriverOnce_whileWhatIsInFlightIsSettled() {
        source.add(0, 5);
        try (Consumer consumer = builder().closeTimeout(Duration.ofSeconds(60)).build()) {
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
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
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            eventually().until(() -> source.intakeStopped.get() == 1);
            assertThat(source.closed.get()).isZero();
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            disconnected.join();
        }
    }

    @Test
    void ackJoinedInsideOnNext_doesNotDeadlock() {
        source.add(0, 20);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(
                    Long.MAX_VALUE, message -> assertThat(message.ack().join()).isEqualTo(Settled.DONE));
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 20);
            assertThat(collector.end).isNotDone();
        }
    }

    @Test
    void ackWhileTheSubscriberBlocks_reachesTheDriver() {
        source.add(0, 2);
        CountDownLatch release = new CountDownLatch(1);
        try (Consumer consumer = builder().build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> {
                message.ack();
                if (message.id().equals("1")) {
                    await(release);
                }
            }));
            eventually().until(() -> source.acknowledged().containsAll(List.of(0, 1)));
            release.countDown();
        }
    }

    @Test
    void settlingTwice_isDoneOnce() {
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
            Message message = collector.messages.get(0);
            CompletableFuture<Settled> first = message.ack();
            assertThat(message.nack()).isSameAs(first);
            assertThat(first.join()).isEqualTo(Settled.DONE);
            assertThat(source.settled).hasSize(1);
        }
    }

    @Test
    void sessionLost_isReplaced_andItsMessagesAreStale() {
        source.add(0, 1);
        AtomicBoolean broken = new AtomicBoolean();
        source.onReceive = () -> {
            if (broken.getAndSet(false)) {
                throw ScriptedSource.lost();
            }
        };
        List<String> events = new CopyOnWriteArrayList<>();
        try (Consumer consumer = builder().listener(recording(events)).build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
            broken.set(true);
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
    void openFails_isTriedAgain_asOftenAsAllowed() {
        AtomicInteger failures = new AtomicInteger(3);
        source.onOpen = () -> {
            if (failures.getAndDecrement() > 0) {
                throw ScriptedSource.lost();
            }
        };
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            consumer.consume().subscribe(Collector.acknowledging());
            eventually().until(() -> source.settled.size() == 1);
            assertThat(source.opened.get()).isEqualTo(4);
        }
        failures.set(Integer.MAX_VALUE);
        try (Consumer consumer = builder().retry(QUICK.withMaxRetries(2)).build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerConnectionException.class);
            assertThat(source.opened.get()).isEqualTo(7);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    void sessionsLostAtOnce_arePaced_andGivenUp() {
        source.onReceive = () -> {
            throw ScriptedSource.lost();
        };
        try (Consumer consumer = builder().retry(QUICK.withMaxRetries(5)).build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerConnectionException.class);
            assertThat(source.opened.get()).isBetween(5, 7);
        }
    }

    @Test
    void openRefused_isNotTriedAgain() {
        source.onOpen = () -> {
            throw new BrokerAuthenticationException("wrong password");
        };
        try (Consumer consumer = builder().build()) {
            Collector collector = Collector.acknowledging();
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(BrokerAuthenticationException.class);
            assertThat(source.opened.get()).isEqualTo(1);
        }
    }

    @Test
    void connect_failsFastOrWaits_byPolicy() {
        AtomicInteger failures = new AtomicInteger(2);
        source.onOpen = () -> {
            if (failures.getAndDecrement() > 0) {
                throw ScriptedSource.lost();
            }
        };
        try (Consumer consumer = builder().build()) {
            assertThatThrownBy(() -> consumer.connect().get(60, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(BrokerConnectionException.class);
        }
        try (Consumer consumer = builder().connectPolicy(ConnectPolicy.WAIT).build()) {
            consumer.connect().join();
            assertThat(health(consumer).isUp()).isTrue();
        }
    }

    @Test
    void connectThatHangs_failsInTime_andItsDriverIsClosed() {
        CountDownLatch never = new CountDownLatch(1);
        source.onOpen = never::await;
        try (Consumer consumer =
                builder().connectTimeout(Duration.ofMillis(100)).build()) {
            assertThatThrownBy(() -> consumer.connect().get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(BrokerTimeoutException.class);
        }
        eventually().until(() -> source.closed.get() == 1);
    }

    @Test
    void nack_isDeliveredAgain_withTheNextAttempt_andAckedOnce() {
        source.add(0, 3);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {
                if (message.attempt() < 3 && message.id().equals("1")) {
                    message.nack();
                } else {
                    message.ack();
                }
            });
            consumer.consume().subscribe(collector);
            eventually().until(() -> source.acknowledged().size() == 3);
            assertThat(collector.numbers()).containsExactlyInAnyOrder(0, 1, 1, 1, 2);
            assertThat(source.settled).allMatch(s -> s.outcome() == Outcome.ACK);
        }
    }

    @Test
    void maxAttempts_makesANackAReject() {
        source.add(0, 1);
        List<String> events = new CopyOnWriteArrayList<>();
        try (Consumer consumer = builder()
                .maxAttempts(2)
                .onReject(RejectPolicy.DROP)
                .listener(recording(events))
                .build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, Message::nack));
            eventually().until(() -> source.acknowledged().size() == 1);
            assertThat(events).containsExactly("redelivered", "dropped given up after 2 attempts");
        }
    }

    @Test
    void reject_withoutDeadLetters_stopsTheStream() {
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> message.reject("no"));
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join())
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("no");
            assertThat(source.settled).isEmpty();
        }
    }

    @Test
    void settlementThatFails_isTriedAgain_thenReported() {
        AtomicInteger failures = new AtomicInteger(2);
        source.onSettle = batch -> failures.getAndDecrement() > 0
                ? CompletableFuture.failedFuture(ScriptedSource.lost())
                : CompletableFuture.completedFuture(null);
        source.add(0, 2);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 2);
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            source.onSettle = batch -> CompletableFuture.failedFuture(new BrokerException("refused"));
            assertThatThrownBy(() -> collector.messages.get(1).ack().get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(BrokerException.class);
        }
    }

    @Test
    void driverSaysStaleForOne_onlyThatOneIs() {
        source.onSettle = batch -> {
            batch.forEach(settlement -> {
                if (settlement.receipt() == 1) {
                    settlement.stale();
                }
            });
            return CompletableFuture.completedFuture(null);
        };
        source.add(0, 2);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 2);
            assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.DONE);
            assertThat(collector.messages.get(1).ack().join()).isEqualTo(Settled.STALE);
        }
    }

    @Test
    void outcomesThatTheBrokerTakes_areToldToo() {
        source.add(0, 2);
        List<String> events = new CopyOnWriteArrayList<>();
        Capabilities byTheBroker = Capabilities.builder()
                .nack(Capabilities.Support.BROKER)
                .deadLetter(Capabilities.Support.BROKER)
                .build();
        try (Consumer consumer =
                builder().capabilities(byTheBroker).listener(recording(events)).build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> {
                if (message.id().equals("0")) {
                    message.nack();
                } else {
                    message.reject("no");
                }
            }));
            eventually().until(() -> events.equals(List.of("redelivered", "dead letter no")));
            assertThat(source.settled)
                    .extracting(ScriptedSource.Settling::outcome)
                    .containsExactly(Outcome.NACK, Outcome.REJECT);
        }
    }

    @Test
    void leases_areExtendedWhileAMessageIsUnsettled() {
        source.lease = Duration.ofMillis(150);
        source.add(0, 1);
        try (Consumer consumer =
                builder().capabilities(Capabilities.builder().leases().build()).build()) {
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually()
                    .until(() -> source.settled.stream()
                                    .filter(s -> s.outcome() == Outcome.EXTEND)
                                    .count()
                            >= 3);
            collector.messages.get(0).ack().join();
            assertThat(source.acknowledged()).containsExactly(0);
        }
    }

    @Test
    void cancel_endsTheSignals_andClosesWhenAllIsSettled() {
        source.add(0, 10);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 1);
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
    void cancelWithinABatch_givesTheRestBack_andCountsNoAttempt() {
        source.add(0, 3);
        Capabilities nacks =
                Capabilities.builder().nack(Capabilities.Support.BROKER).build();
        try (Consumer consumer =
                builder().capabilities(nacks).maxAttempts(1).batchSize(3).build()) {
            CompletableFuture<Collector> self = new CompletableFuture<>();
            Collector collector = new Collector(3, message -> {
                message.ack();
                self.join().subscription.join().cancel();
            });
            self.complete(collector);
            consumer.consume().subscribe(collector);
            eventually().until(() -> source.closed.get() == 1);
        }
        assertThat(source.acknowledged()).containsExactly(0);
        assertThat(source.settled.stream().filter(s -> s.outcome() == Outcome.NACK))
                .extracting(ScriptedSource.Settling::number)
                .containsExactly(1, 2);
        assertThat(source.settled).extracting(ScriptedSource.Settling::outcome).doesNotContain(Outcome.REJECT);
    }

    @Test
    void disconnect_waitsForWhatIsInFlight_thenCompletesTheStream() {
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofSeconds(30)).build();
        Collector collector = new Collector(1, message -> {});
        consumer.consume().subscribe(collector);
        eventually().until(() -> collector.messages.size() == 1);
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
            assertThat(health(consumer).detail()).contains("message 41", "unsettled", "ReceiveEngineTest");
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

    @Test
    void subscriberThatThrows_isTold_andNothingElseHappens() {
        source.add(0, 5);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {
                throw new IllegalStateException("broken");
            });
            consumer.consume().subscribe(collector);
            assertThat(collector.end.join()).isInstanceOf(IllegalStateException.class);
            assertThat(collector.messages).hasSize(1);
            assertThat(health(consumer).status()).isEqualTo(Health.Status.DOWN);
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

    private static Health health(Consumer consumer) {
        return consumer.healthCheck().join();
    }

    private static BrokerListener recording(List<String> events) {
        return new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                events.add("lost");
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                events.add("restored");
            }

            @Override
            public void redelivered(String broker, Message message) {
                events.add("redelivered");
            }

            @Override
            public void deadLettered(String broker, Message message, String reason) {
                events.add("dead letter " + reason);
            }

            @Override
            public void dropped(String broker, Message message, String reason) {
                events.add("dropped " + reason);
            }
        };
    }

    private static List<Integer> numbers(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("pythia-scripted-"))
                .toList();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ConditionFactory eventually() {
        return Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .pollDelay(0, TimeUnit.MILLISECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS);
    }
}
