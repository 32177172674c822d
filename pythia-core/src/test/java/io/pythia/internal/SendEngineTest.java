package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BatchSendException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.ProducerFullException;
import io.pythia.SendResult;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SendEngineTest extends SendEngineFixture {
    /** How long a disconnect waits for an outcome that is on its way. */
    private static final long WAITED_FOR = Duration.ofSeconds(1).toNanos();

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
                CompletableFuture<Long> doneAt = result.thenApply(ok -> System.nanoTime());
                long since = System.nanoTime();
                CompletableFuture<Boolean> seen =
                        (flush ? producer.flush() : producer.disconnect()).thenApply(ok -> result.isDone());
                new Thread(() -> {
                            java.util.concurrent.locks.LockSupport.parkNanos(50_000_000);
                            counted.countDown();
                        })
                        .start();
                assertThat(seen.get(60, TimeUnit.SECONDS) || doneAt.get(60, TimeUnit.SECONDS) - since > WAITED_FOR)
                        .isTrue();
            }
        }
    }

    @Test
    void tooManyBytes_areRefusedAtOnce_andRoomComesBack() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            ReceiveEngineFixture.await(release);
            take(outgoing);
        };
        try (Producer producer = producer().maxInFlightBytes(10_000).build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                results.add(producer.send(Message.of(new byte[1_000])));
            }
            assertThat(results.stream().filter(CompletableFuture::isCompletedExceptionally))
                    .hasSizeGreaterThan(10)
                    .allSatisfy(refused -> assertThatThrownBy(refused::join)
                            .cause()
                            .isInstanceOfSatisfying(
                                    ProducerFullException.class,
                                    e -> assertThat(e.isRetryable()).isTrue()));
            release.countDown();
            producer.flush().join();
            producer.send(Message.of(new byte[1_000])).join();
        }
    }

    @Test
    void batch_thatDoesNotFit_saysWhichMessagesHadNoRoom() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            ReceiveEngineFixture.await(release);
            take(outgoing);
        };
        List<Message> messages = Collections.nCopies(20, Message.of(new byte[1_000]));
        try (Producer producer = producer().maxInFlightBytes(10_000).build()) {
            CompletableFuture<List<SendResult>> sent = producer.sendBatch(messages);
            release.countDown();
            assertThatThrownBy(sent::join).cause().isInstanceOfSatisfying(BatchSendException.class, e -> {
                assertThat(e.isRetryable()).isTrue();
                assertThat(e.entries().stream().map(BatchSendException.Entry::error))
                        .hasSize(20)
                        .startsWith(null, null)
                        .filteredOn(Objects::nonNull)
                        .hasSizeGreaterThan(10)
                        .hasOnlyElementsOfType(ProducerFullException.class);
            });
        }
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
    void flush_waitsAlsoForWhatWasNotHandedOverYet() {
        CountDownLatch go = new CountDownLatch(1);
        List<Outgoing> held = new CopyOnWriteArrayList<>();
        onSend = outgoing -> {
            ReceiveEngineFixture.await(go);
            held.add(outgoing);
        };
        try (Producer producer = producer().maxBatch(2).build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                results.add(producer.send(Message.of(Integer.toString(i))));
            }
            CompletableFuture<Void> flush = producer.flush();
            go.countDown();
            for (int i = 0; i < 9; i++) {
                int count = i;
                Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> held.size() > count);
                assertThat(flush).isNotDone();
                take(held.get(i));
            }
            flush.orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(results).allMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void close_settlesEverything() {
        onSend = outgoing -> {};
        Producer producer = producer().closeTimeout(Duration.ofMillis(200)).build();
        CompletableFuture<SendResult> result = producer.send(Message.of("x"));
        producer.close();
        producer.disconnect().join(); // which a close does not wait for any longer than its timeout and a second
        assertThat(result).isCompletedExceptionally();
        assertThatThrownBy(() -> producer.send(Message.of("y")).join()).hasCauseInstanceOf(MessageException.class);
        producer.close();
    }
}
