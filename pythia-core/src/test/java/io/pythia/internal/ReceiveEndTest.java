package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.AckPolicy;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.Settled;
import io.pythia.Worker;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.spi.Capabilities;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is settled when a session or the consumer ends just then: every future completes, and no end waits for what is gone. */
@Timeout(120)
class ReceiveEndTest extends ReceiveEngineFixture {
    private static final Capabilities LEASES = Capabilities.builder().leases().build();

    @Test
    void retryOfASettlement_whoseSessionIsLost_holdsUpNoDisconnect() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        source.onSettle = batch -> {
            if (tries.incrementAndGet() == 3) {
                source.loseSession();
            }
            return CompletableFuture.failedFuture(ScriptedSource.lost());
        };
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofHours(1)).build();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        eventually().until(() -> source.opened.get() == 2);
        assertThat(collector.messages.get(0).ack().join()).isEqualTo(Settled.STALE);
        consumer.disconnect().get(60, TimeUnit.SECONDS);
    }

    @Test
    void messageThatAWorkerHasGivenBack_isStale_forWhoSettlesItLater() throws Exception {
        source.add(0, 1);
        List<Message> kept = new CopyOnWriteArrayList<>();
        Worker worker = Worker.from(builder().build())
                .ackPolicy(AckPolicy.MANUAL)
                .closeTimeout(Duration.ofMillis(50))
                .onMessageAsync(message -> {
                    kept.add(message);
                    return new CompletableFuture<>();
                })
                .start();
        eventually().until(() -> kept.size() == 1);
        worker.stop().join();
        assertThat(kept.get(0).ack().get(60, TimeUnit.SECONDS)).isEqualTo(Settled.STALE);
    }

    @Test
    void retryOfASettlement_thatIsNotDueAtTheClose_isStale() throws Exception {
        source.onSettle = batch -> CompletableFuture.failedFuture(ScriptedSource.lost());
        assertStaleAfterTheClose();
    }

    @Test
    void settlementThatIsNeverAnswered_isStaleWhenTheConsumerIsClosed() throws Exception {
        source.onSettle = batch -> new CompletableFuture<>();
        assertStaleAfterTheClose();
    }

    private void assertStaleAfterTheClose() throws Exception {
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofMillis(1)).build();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        eventually().until(() -> !source.settled.isEmpty());
        consumer.disconnect().join();
        assertThat(collector.messages.get(0).ack().get(60, TimeUnit.SECONDS)).isEqualTo(Settled.STALE);
    }

    @Test
    void settlementThatIsNeverAnswered_isStaleWhenTheSessionIsLost_andHoldsUpNoDisconnect() throws Exception {
        source.onSettle = batch -> new CompletableFuture<>();
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofHours(1)).build();
        Collector collector = Collector.acknowledging();
        consumer.consume().subscribe(collector);
        eventually().until(() -> !source.settled.isEmpty());
        source.loseSession();
        assertThat(collector.messages.get(0).ack().get(60, TimeUnit.SECONDS)).isEqualTo(Settled.STALE);
        consumer.disconnect().get(60, TimeUnit.SECONDS);
    }

    @Test
    void extensionAfterTheEnd_isStale() throws Exception {
        source.add(0, 1);
        Consumer consumer = builder()
                .capabilities(LEASES)
                .closeTimeout(Duration.ofMillis(1))
                .build();
        Collector collector = holdingOne(consumer);
        consumer.disconnect().join();
        assertThat(collector.messages.get(0).extend(Duration.ofSeconds(1)).get(60, TimeUnit.SECONDS))
                .isEqualTo(Settled.STALE);
    }

    @Test
    void extensionThatTheDriverRefuses_failsAlone() {
        source.add(0, 2);
        source.onSettle = batch -> {
            throw ScriptedSource.lost();
        };
        try (Consumer consumer = builder().capabilities(LEASES).build()) {
            Collector collector = new Collector(2, message -> {});
            consumer.consume().subscribe(collector);
            eventually().until(() -> collector.messages.size() == 2);
            CompletableFuture<Settled> extended = collector.messages.get(0).extend(Duration.ofSeconds(1));
            eventually().until(extended::isCompletedExceptionally);
            source.onSettle = batch -> CompletableFuture.completedFuture(null);
            assertThat(collector.messages.get(1).ack().join()).isEqualTo(Settled.DONE);
            assertThat(collector.end).isNotDone();
        }
    }

    @Test
    void messageThatEndsTheStream_holdsUpNoDisconnect() throws Exception {
        source.add(0, 1);
        Consumer consumer = builder().closeTimeout(Duration.ofHours(1)).build();
        Collector collector = new Collector(1, message -> message.reject("bad"));
        consumer.consume().subscribe(collector);
        assertThat(collector.end.join()).isInstanceOf(MessageException.class);
        consumer.disconnect().get(60, TimeUnit.SECONDS);
    }

    @Test
    void settlingWhileTheConsumerCloses_completes() throws Exception {
        for (int round = 0; round < 300; round++) {
            ScriptedSource fresh = new ScriptedSource();
            fresh.add(0, 1);
            Consumer consumer = fresh.consumer()
                    .capabilities(LEASES)
                    .closeTimeout(Duration.ZERO)
                    .build();
            Collector collector = holdingOne(consumer);
            Message message = collector.messages.get(0);
            CompletableFuture<Void> disconnected = consumer.disconnect();
            for (int i = 100 * (round % 50); i > 0; i--) {
                Thread.onSpinWait();
            }
            CompletableFuture<Settled> extended = message.extend(Duration.ofSeconds(1));
            CompletableFuture<Settled> settled = message.ack();
            disconnected.join();
            assertThat(settled).as("round %d", round).succeedsWithin(Duration.ofSeconds(60));
            assertThat(extended).as("round %d", round).succeedsWithin(Duration.ofSeconds(60));
        }
    }

    @Test
    void messageToBeDeliveredAgain_thatNobodyRequests_keepsNoThreadBusy() {
        AtomicInteger turns = new AtomicInteger();
        source.onLook = turns::incrementAndGet;
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(1, Message::nack);
            consumer.consume().subscribe(collector);
            eventually()
                    .until(() -> health(consumer)
                            .facts()
                            .get("waiting-for-redelivery")
                            .equals("1"));
            CountDownLatch never = new CountDownLatch(1);
            await(never, Duration.ofMillis(500));
            assertThat(turns).hasValueLessThan(1000);
            collector.subscription.join().request(1);
            eventually().until(() -> collector.messages.size() == 2);
        }
    }

    @Test
    void interruptLeftByTheSubscriber_endsNoStream() {
        source.add(0, 1);
        try (Consumer consumer = builder().build()) {
            Collector collector = new Collector(Long.MAX_VALUE, message -> {
                if (message.attempt() == 1) {
                    message.nack();
                } else {
                    message.ack();
                    Thread.currentThread().interrupt();
                }
            });
            consumer.consume().subscribe(collector);
            eventually().until(() -> source.acknowledged().equals(List.of(0)));
            source.add(1, 1);
            eventually().until(() -> collector.messages.size() == 4);
            assertThat(collector.end).isNotDone();
        }
    }
}
