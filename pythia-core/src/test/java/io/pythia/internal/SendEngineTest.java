package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BatchSendException;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.BrokerMetrics;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SendEngineTest {
    private static final RetryConfig QUICK =
            new RetryConfig(5, Duration.ofMillis(1), Duration.ofMillis(10), true, true);

    private final List<String> received = new CopyOnWriteArrayList<>();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger largestBatch = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();
    private volatile Runnable onOpen = () -> {};
    private volatile Runnable onPing = () -> {};
    private volatile Runnable onClose = () -> {};
    private volatile Consumer<Outgoing> onSend = this::take;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile String blocked;

    private void take(Outgoing outgoing) {
        received.add(outgoing.message().text());
        outgoing.succeed(new SendResult(outgoing.message().id(), "test", Map.of()));
    }

    @Test
    void messages_areSentInOrder_inBatches() {
        try (Producer producer = producer().maxBatch(10).build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                results.add(producer.send(Message.of(Integer.toString(i))));
            }
            results.forEach(CompletableFuture::join);
        }
        assertThat(received).hasSize(1_000).isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
        assertThat(largestBatch.get()).isLessThanOrEqualTo(10);
    }

    @Test
    void retryableFailure_isSentAgain_others_areNot() {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> {
            tries.incrementAndGet();
            if (tries.get() < 4) {
                outgoing.fail(new BrokerConnectionException("not now"));
            } else {
                take(outgoing);
            }
        };
        try (Producer producer = producer().build()) {
            producer.send(Message.of("x")).join();
            assertThat(tries.get()).isEqualTo(4);
            onSend = outgoing -> {
                tries.incrementAndGet();
                outgoing.fail(new MessageException("too large"));
            };
            tries.set(0);
            assertThatThrownBy(() -> producer.send(Message.of("x")).join()).hasCauseInstanceOf(MessageException.class);
            assertThat(tries.get()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void maxRetries_isHowOftenAMessageIsSentAgain_beyondTheFirstTime(int maxRetries) {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> {
            tries.incrementAndGet();
            outgoing.fail(new BrokerConnectionException("not now"));
        };
        RetryConfig retry = new RetryConfig(maxRetries, Duration.ofMillis(1), Duration.ofMillis(10), true, true);
        try (Producer producer = producer().retry(retry).build()) {
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(BrokerConnectionException.class);
            assertThat(tries.get()).isEqualTo(maxRetries + 1);
        }
    }

    @Test
    void disconnectAndFlush_whileAnOutcomeIsOnItsWay_endAfterIt() throws Exception {
        for (boolean flush : new boolean[] {false, true}) {
            CountDownLatch counting = new CountDownLatch(1);
            CountDownLatch counted = new CountDownLatch(1);
            BrokerMetrics metrics = new BrokerMetrics() {
                @Override
                public void confirmed(String broker, long nanos) {
                    counting.countDown();
                    try {
                        counted.await(60, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            };
            onSend = outgoing -> new Thread(() -> take(outgoing)).start();
            try (Producer producer = producer().metrics(metrics).build()) {
                CompletableFuture<SendResult> result = producer.send(Message.of("x"));
                assertThat(counting.await(60, TimeUnit.SECONDS)).isTrue();
                // Settled, but its future has not been completed yet.
                CompletableFuture<Boolean> seen =
                        (flush ? producer.flush() : producer.disconnect()).thenApply(ok -> result.isDone());
                new Thread(() -> {
                            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
                            counted.countDown();
                        })
                        .start();
                assertThat(seen.get(60, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    @Test
    void noAnswer_isUncertain_whenTheTimeIsOver() {
        onSend = outgoing -> {};
        try (Producer producer = producer().sendTimeout(Duration.ofMillis(200)).build()) {
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(UncertainSendException.class);
        }
    }

    @Test
    void brokerThatIsAway_failsCertainly_whenTheTimeIsOver() {
        onOpen = () -> {
            throw ScriptedSource.lost();
        };
        try (Producer producer = producer()
                .sendTimeout(Duration.ofMillis(200))
                .retry(QUICK.withMaxRetries(1_000))
                .build()) {
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(MessageException.class)
                    .matches(e -> ((BrokerException) e.getCause()).isRetryable());
            onOpen = () -> {};
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> succeeds(producer));
        }
    }

    private static boolean succeeds(Producer producer) {
        return !producer.send(Message.of("y"))
                .handle((ok, error) -> error != null)
                .join();
    }

    @Test
    void credentialsRefused_failAtOnce_withoutAStorm() {
        onOpen = () -> {
            throw new BrokerAuthenticationException("wrong password");
        };
        try (Producer producer = producer().build()) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                        .hasCauseInstanceOf(BrokerAuthenticationException.class);
            }
            assertThat(opened.get()).isLessThanOrEqualTo(2);
        }
    }

    @Test
    void sessionLostInSend_whatWasNotSent_goesByTheNextOne() {
        AtomicInteger calls = new AtomicInteger();
        onSend = outgoing -> {
            if (calls.incrementAndGet() == 3) {
                throw ScriptedSource.lost();
            }
            take(outgoing);
        };
        try (Producer producer = producer().build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                results.add(producer.send(Message.of(Integer.toString(i))));
            }
            results.forEach(CompletableFuture::join);
            assertThat(opened.get()).isEqualTo(2);
        }
        assertThat(received).containsExactlyInAnyOrder("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
    }

    @Test
    void tooManyBytes_areRefusedAtOnce_andRoomComesBack() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            await(release);
            take(outgoing);
        };
        try (Producer producer = producer().maxInFlightBytes(10_000).build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                results.add(producer.send(Message.of(new byte[1_000])));
            }
            assertThat(results.stream().filter(CompletableFuture::isCompletedExceptionally))
                    .hasSizeGreaterThan(10);
            release.countDown();
            producer.flush().join();
            producer.send(Message.of(new byte[1_000])).join();
        }
    }

    @Test
    void driverThatBlocks_doesNotBlockTheCaller() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            await(release);
            take(outgoing);
        };
        try (Producer producer = producer().build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                results.add(producer.send(Message.of("x")));
            }
            assertThat(results).noneMatch(CompletableFuture::isDone);
            release.countDown();
            results.forEach(CompletableFuture::join);
        }
    }

    @Test
    void driverThatNeverReturns_messagesStillEndInTime_andHealthSaysIt_andCloseEnds() {
        CountDownLatch never = new CountDownLatch(1);
        onSend = outgoing -> awaitUninterruptibly(never);
        try {
            Producer producer = producer()
                    .sendTimeout(Duration.ofMillis(500))
                    .closeTimeout(Duration.ofMillis(500))
                    .build();
            CompletableFuture<SendResult> handedOver = producer.send(Message.of("x"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> largestBatch.get() > 0);
            CompletableFuture<SendResult> queued = producer.send(Message.of("y"));
            assertThatThrownBy(() -> handedOver.orTimeout(60, TimeUnit.SECONDS).join())
                    .hasCauseInstanceOf(UncertainSendException.class);
            assertThatThrownBy(() -> queued.orTimeout(60, TimeUnit.SECONDS).join())
                    .hasCauseInstanceOf(MessageException.class);
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> producer.healthCheck().join().status() == Health.Status.DEGRADED);
            CompletableFuture<SendResult> last = producer.send(Message.of("z"));
            producer.disconnect().orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(last).isCompletedExceptionally();
            assertThat(closed.get()).isEqualTo(1);
        } finally {
            never.countDown();
        }
    }

    @Test
    void driverThatHangs_onABrokerWithoutASignOfLife_isClosed_andAnotherOneSends() {
        CountDownLatch closing = new CountDownLatch(1);
        onClose = closing::countDown;
        onPing = () -> {
            throw ScriptedSource.lost();
        };
        onSend = outgoing -> {
            if (opened.get() == 1) {
                awaitUninterruptibly(closing);
                throw new IllegalStateException("closed under my hands");
            }
            take(outgoing);
        };
        try (Producer producer = producer().build()) {
            producer.send(Message.of("x")).orTimeout(60, TimeUnit.SECONDS).join();
        }
        assertThat(opened.get()).isEqualTo(2);
        assertThat(received).containsExactly("x");
    }

    @Test
    void batch_tellsTheOutcomeOfEach() {
        onSend = outgoing -> {
            if (outgoing.message().text().equals("bad")) {
                outgoing.fail(new MessageException("refused"));
            } else {
                take(outgoing);
            }
        };
        try (Producer producer = producer().build()) {
            assertThatThrownBy(() -> producer.sendBatch(List.of(Message.of("a"), Message.of("bad"), Message.of("b")))
                            .join())
                    .cause()
                    .isInstanceOfSatisfying(BatchSendException.class, e -> {
                        assertThat(e.entries()).hasSize(3);
                        assertThat(e.entries().get(1).error()).isInstanceOf(MessageException.class);
                        assertThat(e.entries().get(2).result()).isNotNull();
                    });
        }
    }

    @Test
    void flush_waitsForAll_retriesIncluded() {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> {
            if (tries.incrementAndGet() <= 3) {
                outgoing.fail(new BrokerConnectionException("not now"));
            } else {
                take(outgoing);
            }
        };
        try (Producer producer = producer().build()) {
            CompletableFuture<SendResult> result = producer.send(Message.of("x"));
            producer.flush().join();
            assertThat(result).isDone();
            producer.flush().join();
        }
    }

    @Test
    void brokerThatTakesNothing_isAnOutage_andAllGoesInOrderWhenItEnds() {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Producer producer = producer().listener(recorder(events)).build()) {
            producer.send(Message.of("before")).join();
            blocked = "low on memory";
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> events.contains("lost"));
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                results.add(producer.send(Message.of(Integer.toString(i))));
            }
            Health health = producer.healthCheck().join();
            assertThat(health.status()).isEqualTo(Health.Status.DOWN);
            assertThat(health.detail()).contains("low on memory");
            assertThat(received).containsExactly("before");
            int callsBefore = calls.get();
            blocked = null;
            results.forEach(CompletableFuture::join);
            assertThat(calls.get()).isGreaterThan(callsBefore);
            assertThat(received).hasSize(101).endsWith("98", "99");
            assertThat(opened.get()).isEqualTo(1);
            assertThat(events).containsExactly("lost", "restored");
            assertThat(producer.healthCheck().join().isUp()).isTrue();
        }
    }

    @Test
    void brokerThatTakesNothingForTooLong_failsCertainly_andIsAskedToGoOnWhenItEnds() {
        try (Producer producer = producer().sendTimeout(Duration.ofMillis(200)).build()) {
            producer.send(Message.of("before")).join();
            blocked = "low on memory";
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> !producer.healthCheck().join().isUp());
            assertThatThrownBy(() -> producer.send(Message.of("x")).join()).hasCauseInstanceOf(MessageException.class);
            int callsBefore = calls.get();
            blocked = null;
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> calls.get() > callsBefore);
        }
    }

    private static BrokerListener recorder(List<String> events) {
        return new BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                events.add("lost");
            }

            @Override
            public void connectionRestored(String broker, Duration outage) {
                events.add("restored");
            }
        };
    }

    @Test
    void close_settlesEverything() {
        onSend = outgoing -> {};
        Producer producer = producer().closeTimeout(Duration.ofMillis(200)).build();
        CompletableFuture<SendResult> result = producer.send(Message.of("x"));
        producer.close();
        assertThat(result).isCompletedExceptionally();
        assertThatThrownBy(() -> producer.send(Message.of("y")).join()).hasCauseInstanceOf(MessageException.class);
        producer.close();
    }

    private Producer.Builder producer() {
        return new Producer.Builder(this).retry(QUICK);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        while (latch.getCount() > 0) {
            try {
                latch.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                // a client that does not care
            }
        }
    }

    private static final class Producer extends AbstractMessageProducer {
        private final SendEngineTest test;

        private Producer(Builder builder) {
            super("scripted", builder);
            this.test = builder.test;
        }

        @Override
        protected SendDriver newDriver() {
            return test.new Driver();
        }

        static final class Builder extends AbstractMessageProducer.Builder<Builder> {
            private final SendEngineTest test;

            private Builder(SendEngineTest test) {
                this.test = test;
            }

            @Override
            protected Builder self() {
                return this;
            }

            Producer build() {
                return new Producer(this);
            }
        }
    }

    private final class Driver implements SendDriver {
        @Override
        public void open() {
            opened.incrementAndGet();
            onOpen.run();
        }

        @Override
        public void send(List<? extends Outgoing> batch) {
            calls.incrementAndGet();
            largestBatch.accumulateAndGet(batch.size(), Math::max);
            batch.forEach(onSend);
        }

        @Override
        public String blocked() {
            return blocked;
        }

        @Override
        public void ping() {
            onPing.run();
        }

        @Override
        public void close() {
            closed.incrementAndGet();
            onClose.run();
        }
    }
}
