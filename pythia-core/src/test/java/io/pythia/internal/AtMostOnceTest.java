package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.AckPolicy;
import io.pythia.BlockingMessages;
import io.pythia.Messages;
import io.pythia.Worker;
import io.pythia.internal.ScriptedSource.Collector;
import io.pythia.internal.ScriptedSource.Consumer;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.Capabilities.Support;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A broker that has no more what it has given out: without a fault nothing is lost by an end, and what is thrown away is told. */
@Timeout(120)
class AtMostOnceTest extends ReceiveEngineFixture {
    private static final String GONE =
            "dropped its stream has ended before it was handled, and the broker has it no more";

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final Set<Integer> handled = ConcurrentHashMap.newKeySet();

    private Consumer.Builder consumer(Support nack) {
        Capabilities atMostOnce = Capabilities.builder()
                .guarantee(Guarantee.AT_MOST_ONCE)
                .nack(nack)
                .delayedNack(nack)
                .build();
        return builder()
                .capabilities(atMostOnce)
                .closeTimeout(Duration.ofSeconds(60))
                .listener(recording(events));
    }

    private Consumer.Builder consumer() {
        return consumer(Support.NONE);
    }

    /** As Redis has it, and RabbitMQ with auto-ack. */
    @ParameterizedTest
    @EnumSource(
            value = Support.class,
            names = {"NONE", "ENGINE"})
    void stop_handlesWhatWaits(Support nack) {
        source.add(0, 100);
        CountDownLatch stopping = new CountDownLatch(1);
        Worker worker = Worker.from(consumer(nack).build())
                .closeTimeout(Duration.ofSeconds(60))
                .onMessage(message -> {
                    await(stopping);
                    handled.add(Integer.parseInt(message.id()));
                })
                .start();
        eventually().until(() -> worker.stats().inFlight() >= 10);
        CompletableFuture<Void> stopped = worker.stop();
        stopping.countDown();
        stopped.join();
        assertThat(handled).containsExactlyInAnyOrderElementsOf(numbers(100 - source.waiting.size()));
        assertThat(worker.stats().lost()).isZero();
        assertThat(events).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(AckPolicy.class)
    void stop_whenTheCloseTimeoutIsOver_countsWhatIsLost(AckPolicy policy) {
        source.add(0, 100);
        CountDownLatch began = new CountDownLatch(1);
        Worker worker = Worker.from(consumer().build())
                .ackPolicy(policy)
                .closeTimeout(Duration.ofMillis(50))
                .onMessage(message -> {
                    began.countDown();
                    new CountDownLatch(1).await();
                })
                .start();
        await(began);
        worker.stop().join();
        // A handler may hear of its interrupt only after the worker has ceased to wait for it.
        eventually().until(() -> worker.stats().lost() == 100 - source.waiting.size());
        assertThat(worker.stats().lost()).isPositive();
        if (policy != AckPolicy.BEFORE_HANDLER) { // else the consumer has seen them acknowledged
            assertThat(events).hasSize((int) worker.stats().lost()).containsOnly(GONE);
        }
    }

    @Test
    void manual_whatTheHandlerHasSettled_isNotLost() {
        source.add(0, 1);
        CountDownLatch began = new CountDownLatch(1);
        Worker worker = Worker.from(consumer().build())
                .ackPolicy(AckPolicy.MANUAL)
                .closeTimeout(Duration.ofMillis(50))
                .onMessage(message -> {
                    message.ack();
                    began.countDown();
                    new CountDownLatch(1).await();
                })
                .start();
        await(began);
        worker.stop().join();
        assertThat(worker.stats().lost()).isZero();
    }

    @Test
    void failedMessage_waitsForItsRedeliveryInTheWorker_andIsHandledAtTheStop() {
        source.add(0, 1);
        AtomicInteger calls = new AtomicInteger();
        Worker worker = Worker.from(consumer(Support.ENGINE).build())
                .retry(RetryConfig.none())
                .redelivery(new RetryConfig(1, Duration.ofHours(1), Duration.ofHours(1), false, false))
                .onMessage(message -> {
                    if (calls.incrementAndGet() == 1) {
                        throw new IllegalStateException("not now");
                    }
                })
                .start();
        eventually().until(() -> worker.stats().retried() + worker.stats().redelivered() == 1);
        worker.stop().join();
        assertThat(calls).hasValue(2);
        assertThat(worker.stats().handled()).isEqualTo(1);
        assertThat(events).isEmpty();
    }

    @Test
    void sessionLost_messagesThatWaitInAWorker_areHandled() {
        source.add(0, 20);
        CountDownLatch lost = new CountDownLatch(1);
        Worker worker = Worker.from(consumer().build())
                .onMessage(message -> {
                    await(lost);
                    handled.add(Integer.parseInt(message.id()));
                })
                .start();
        eventually().until(() -> worker.stats().inFlight() == 20);
        source.loseSession();
        eventually().until(() -> source.opened.get() == 2);
        lost.countDown();
        eventually().until(() -> handled.size() == 20);
        worker.stop().join();
        assertThat(worker.stats().lost()).isZero();
    }

    /** The messages of a receive that was under way. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsReceivedWhileTheIntakeIsStopped_isGivenOut(boolean toAWorker) {
        source.madeUp.set(3);
        CountDownLatch receiving = new CountDownLatch(1);
        CountDownLatch proceed = new CountDownLatch(1);
        source.onReceive = () -> {
            receiving.countDown();
            proceed.await();
        };
        Consumer consumer = consumer().build();
        if (toAWorker) {
            Worker worker = Worker.from(consumer)
                    .onMessage(message -> handled.add(Integer.parseInt(message.id())))
                    .start();
            await(receiving);
            CompletableFuture<Void> stopped = worker.stop();
            proceed.countDown();
            stopped.join();
            assertThat(worker.stats().lost()).isZero();
        } else {
            consumer.consume().subscribe(new Collector(3, message -> {
                handled.add(Integer.parseInt(message.id()));
                message.ack();
            }));
            await(receiving);
            consumer.stopIntake();
            proceed.countDown();
            eventually().until(() -> source.intakeStopped.get() == 1);
            consumer.close();
        }
        assertThat(handled).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(events).isEmpty();
    }

    @Test
    void whatIsReceivedAfterTheClose_isTold() {
        source.madeUp.set(3);
        CountDownLatch receiving = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        source.onReceive = () -> {
            receiving.countDown();
            closed.await();
        };
        source.onClose = closed::countDown;
        Consumer consumer = consumer().closeTimeout(Duration.ofMillis(1)).build();
        consumer.consume().subscribe(new Collector(3, message -> {}));
        await(receiving);
        consumer.disconnect().join();
        eventually().until(() -> threads().isEmpty());
        assertThat(events).containsExactly(GONE, GONE, GONE);
    }

    @Test
    void restOfABatch_whoseSubscriberTakesLongerThanTheClose_isTold() {
        source.madeUp.set(3);
        CountDownLatch closed = new CountDownLatch(1);
        Consumer consumer = consumer().closeTimeout(Duration.ofMillis(50)).build();
        Collector collector = new Collector(3, message -> await(closed));
        consumer.consume().subscribe(collector);
        eventually().until(() -> collector.messages.size() == 1);
        consumer.disconnect().join();
        closed.countDown();
        eventually().until(() -> events.equals(List.of(GONE, GONE)));
    }

    @Test
    void cancelWithinABatch_tellsWhatIsThrownAway() {
        source.madeUp.set(3);
        CompletableFuture<Collector> self = new CompletableFuture<>();
        Collector collector = new Collector(3, message -> {
            message.ack();
            self.join().subscription.join().cancel();
        });
        self.complete(collector);
        try (Consumer consumer = consumer().build()) {
            consumer.consume().subscribe(collector);
            eventually().until(() -> source.closed.get() == 1);
        }
        assertThat(collector.messages).hasSize(1);
        assertThat(events).containsExactly(GONE, GONE);
    }

    @Test
    void loopThatIsClosed_tellsWhatItHasNotTaken() {
        source.madeUp.set(5);
        try (Consumer consumer = consumer().build()) {
            try (BlockingMessages messages = Messages.blocking(consumer.consume(), 5)) {
                messages.iterator().next().ack();
            }
            eventually().until(() -> source.closed.get() == 1);
        }
        assertThat(events).containsOnly(GONE).hasSize(4 - (int) source.madeUp.get());
    }

    @Test
    void messageThatWaitsToBeDeliveredAgain_isToldAtTheEnd() {
        source.add(0, 1);
        try (Consumer consumer = consumer(Support.ENGINE).build()) {
            consumer.consume().subscribe(new Collector(1, message -> message.nack(Duration.ofHours(1))));
            eventually().until(() -> events.equals(List.of("redelivered")));
        }
        assertThat(events).containsExactly("redelivered", GONE);
    }
}
