package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryConfig;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is asked for, delivered, and settled. */
@Timeout(120)
class ReceiveEngineTest extends ReceiveEngineFixture {
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
            Collector collector = holdingOne(consumer);
            Message message = collector.messages.get(0);
            CompletableFuture<Settled> first = message.ack();
            assertThat(message.nack()).isSameAs(first);
            assertThat(first.join()).isEqualTo(Settled.DONE);
            assertThat(source.settled).hasSize(1);
        }
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
    void rejectThatEndsTheStream_isNothingToWaitForAtTheEnd() throws Exception {
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofMinutes(10)).build();
        Collector collector = new Collector(Long.MAX_VALUE, message -> message.reject("bad"));
        consumer.consume().subscribe(collector);
        assertThat(collector.end.get(60, TimeUnit.SECONDS)).isInstanceOf(MessageException.class);
        consumer.disconnect().get(60, TimeUnit.SECONDS);
        assertThat(source.settled).isEmpty(); // the broker has it still
    }

    @ParameterizedTest
    @EnumSource(RejectPolicy.class)
    void rejectedMessage_thatItsDeadLettersRefuse_isNotTriedForEver(RejectPolicy policy) throws Exception {
        source.add(0, 1);
        MemoryBroker small = new MemoryBroker(MemoryConfig.defaults().withMaxMessageBytes(0));
        List<String> events = new CopyOnWriteArrayList<>();
        try (MemoryProducer deadLetters =
                        MemoryProducer.builder().broker(small).topic("dead").build();
                Consumer consumer = builder()
                        .deadLetter(deadLetters)
                        .onReject(policy)
                        .listener(recording(events))
                        .build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> message.reject("bad"));
            consumer.consume().subscribe(collector);
            if (policy == RejectPolicy.DROP) {
                eventually().until(() -> source.acknowledged().size() == 1 && !events.isEmpty());
                assertThat(events).containsExactly("dropped bad");
                return;
            }
            assertThat(collector.end.get(60, TimeUnit.SECONDS))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("was rejected (bad) and its dead letters refuse it for good")
                    .hasMessageContaining("too large");
            CompletableFuture<Settled> outcome =
                    collector.messages.get(0).ack(); // completed after the stream, by another thread
            assertThat(outcome).failsWithin(Duration.ofSeconds(60));
        }
        assertThat(source.settled).isEmpty(); // the broker has it still
    }

    @Test
    void rejectedMessage_whoseDeadLettersAreDisconnected_waitsForThem() {
        source.add(0, 1);
        List<String> events = new CopyOnWriteArrayList<>();
        try (MemoryProducer deadLetters = MemoryProducer.builder()
                        .broker(new MemoryBroker())
                        .topic("dead")
                        .build();
                Consumer consumer = builder()
                        .deadLetter(deadLetters)
                        .onReject(RejectPolicy.DROP)
                        .listener(recording(events))
                        .build()) {
            deadLetters.connect().join();
            deadLetters.disconnect().join();
            assertThat(deadLetters.send(Message.of("x"))).isCompletedExceptionally();
            List<CompletableFuture<Settled>> rejected = new CopyOnWriteArrayList<>();
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> rejected.add(message.reject("bad"))));
            eventually().until(() -> rejected.size() == 1);
            deadLetters.connect().join();
            assertThat(rejected.get(0).join()).isEqualTo(Settled.DONE);
            assertThat(events).containsExactly("dead letter bad");
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
            eventually().until(() -> source.acknowledged().size() == 1 && events.size() >= 2);
            assertThat(events).containsExactly("redelivered", "dropped given up after 2 attempts");
        }
    }

    @Test
    void detailOfAConnector_reachesTheDriver_once_alsoWithARejectAtTheLastAttempt() {
        Capabilities all = Capabilities.builder()
                .nack(Capabilities.Support.BROKER)
                .deadLetter(Capabilities.Support.BROKER)
                .build();
        List<String> seen = new CopyOnWriteArrayList<>();
        source.onSettle = batch -> {
            batch.forEach(each -> seen.add(each.outcome() + ", " + each.detail() + ", " + each.reason()));
            return CompletableFuture.completedFuture(null);
        };
        for (int maxAttempts = 0; maxAttempts <= 1; maxAttempts++) {
            source.add(0, 1);
            try (Consumer consumer =
                    builder().capabilities(all).maxAttempts(maxAttempts).build()) {
                consumer.consume().subscribe(new Collector(1, message -> {
                    message.unwrap(Settler.class).orElseThrow().settle(Outcome.NACK, Map.of("step", 3));
                    message.ack(); // too late
                }));
                int count = maxAttempts + 1;
                eventually().until(() -> seen.size() == count);
            }
        }
        assertThat(seen).containsExactly("NACK, {step=3}, null", "REJECT, {step=3}, given up after 1 attempts");
        assertThat(Message.of("to send").unwrap(Settler.class)).isEmpty();
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
}
