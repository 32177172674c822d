package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.Settled;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whose lease is extended, for how long, and by how much. */
@Timeout(120)
class ReceiveLeasesTest extends ReceiveEngineFixture {
    private static final Duration LEASE = Duration.ofMillis(150);
    /** A lease is extended each third of it: after so many its time has passed three times. */
    private static final int THREE_LEASES = 9;

    @Override
    Consumer.Builder builder() {
        source.lease = LEASE;
        return super.builder().capabilities(Capabilities.builder().leases().build());
    }

    private List<Duration> delays() {
        return source.settled.stream()
                .filter(s -> s.outcome() == Outcome.EXTEND)
                .map(ScriptedSource.Settling::delay)
                .toList();
    }

    private long extensions() {
        return source.settled.stream()
                .filter(s -> s.outcome() == Outcome.EXTEND)
                .count();
    }

    @Test
    void nackedMessage_keepsItsLease_whileItWaitsInTheEngine() {
        source.add(0, 1);
        // The limit is for an application that does not settle.
        try (Consumer consumer = builder().maxLease(Duration.ZERO).build()) {
            consumer.consume().subscribe(new Collector(Long.MAX_VALUE, message -> message.nack(Duration.ofHours(1))));
            eventually().until(() -> extensions() >= THREE_LEASES);
        }
        assertThat(source.settled).allMatch(s -> s.outcome() == Outcome.EXTEND);
    }

    @Test
    void nackedMessage_whoseLeaseIsLostAllTheSame_isNotDeliveredAgainHere_andHoldsUpNoDisconnect() throws Exception {
        source.add(0, 2);
        source.onSettle = batch -> {
            batch.stream()
                    .filter(s -> s.receipt() == 0 && s.outcome() == Outcome.EXTEND)
                    .forEach(s -> s.stale());
            return CompletableFuture.completedFuture(null);
        };
        Consumer consumer = builder().closeTimeout(Duration.ofHours(1)).build();
        Collector collector = new Collector(Long.MAX_VALUE, message -> {
            if (message.id().equals("0")) {
                message.nack(Duration.ofHours(1));
            }
        });
        consumer.consume().subscribe(collector);
        eventually()
                .until(() -> collector.messages.size() == 2
                        && health(consumer)
                                .facts()
                                .entrySet()
                                .containsAll(Map.of("in-flight", "1", "waiting-for-redelivery", "0")
                                        .entrySet()));
        CompletableFuture<Void> disconnected = consumer.disconnect();
        eventually().until(() -> source.intakeStopped.get() == 1);
        assertThat(disconnected).isNotDone();
        collector.messages.get(1).ack().join();
        disconnected.join();
        assertThat(source.acknowledged()).containsExactly(1);
    }

    @Test
    void rejectedMessage_keepsItsLease_whileItsDeadLettersAreAway() {
        source.add(0, 1);
        try (MemoryProducer deadLetters = deadLettersThatAreAway();
                Consumer consumer = builder()
                        .closeTimeout(Duration.ofMillis(1))
                        .deadLetter(deadLetters)
                        .build()) {
            consumer.consume().subscribe(new Collector(1, message -> message.reject("bad")));
            eventually().until(() -> extensions() >= THREE_LEASES);
        }
    }

    @Test
    void extension_shortensNeitherALease_norALongerOneBefore() {
        source.add(0, 1);
        Consumer.Builder builder = builder();
        source.lease = Duration.ofMinutes(10);
        try (Consumer consumer = builder.closeTimeout(Duration.ZERO).build()) {
            Collector collector = holdingOne(consumer);
            collector.messages.get(0).extend(Duration.ofSeconds(1)).join();
            assertThat(delays()).containsExactly(source.lease);
            collector.messages.get(0).extend(Duration.ofHours(9)).join();
            collector.messages.get(0).extend(Duration.ofHours(1)).join();
            assertThat(delays()).hasSize(3);
            assertThat(delays().get(2)).isBetween(Duration.ofHours(8), Duration.ofHours(9));
        }
    }

    @Test
    void renewals_doNotTakeBackALongerExtension_andGoOnBeyondTheLimitUntilItIsOver() {
        source.add(0, 1);
        try (Consumer consumer =
                builder().maxLease(Duration.ZERO).closeTimeout(Duration.ZERO).build()) {
            Collector collector = holdingOne(consumer);
            collector.messages.get(0).extend(Duration.ofHours(9)).join();
            eventually().until(() -> extensions() >= THREE_LEASES);
            assertThat(delays())
                    .allSatisfy(delay -> assertThat(delay).isBetween(Duration.ofHours(8), Duration.ofHours(9)));
        }
    }

    @Test
    void extensionThatTheBrokerRefuses_isNotAskedForAgainByRenewals() {
        source.add(0, 1);
        source.onSettle = batch -> {
            batch.stream()
                    .filter(s -> s.delay().compareTo(LEASE) > 0)
                    .forEach(s -> s.fail(new BrokerException("no longer than " + LEASE)));
            return CompletableFuture.completedFuture(null);
        };
        try (Consumer consumer = builder().closeTimeout(Duration.ZERO).build()) {
            Collector collector = holdingOne(consumer);
            CompletableFuture<Settled> refused = collector.messages.get(0).extend(Duration.ofHours(9));
            eventually().until(refused::isCompletedExceptionally);
            int before = delays().size();
            eventually().until(() -> delays().size() >= before + THREE_LEASES);
            assertThat(delays().subList(before, delays().size())).containsOnly(LEASE);
        }
    }

    @Test
    void settledMessage_isNotExtended() {
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(1, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> extensions() >= 1);
            collector.messages.get(0).ack().join();
            long before = extensions();
            source.add(1, 1);
            collector.subscription.join().request(1);
            eventually().until(() -> source.settled.stream().anyMatch(s -> s.number() == 1));
            assertThat(source.settled.stream().filter(s -> s.number() == 0 && s.outcome() == Outcome.EXTEND))
                    .hasSizeLessThanOrEqualTo((int) before);
        }
    }
}
