package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerConnectionException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Outgoing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A driver that takes messages on the thread that sends them. */
@Timeout(120)
class SendAtOnceTest extends SendEngineFixture {
    private final AtomicInteger atOnce = new AtomicInteger();

    @BeforeEach
    void takeAll() {
        onSendAtOnce = this::takeAtOnce;
    }

    private boolean takeAtOnce(Outgoing outgoing) {
        atOnce.incrementAndGet();
        take(outgoing);
        return true;
    }

    private static List<CompletableFuture<SendResult>> send(Producer producer, int from, int to) {
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        for (int i = from; i < to; i++) {
            results.add(producer.send(Message.of(Integer.toString(i))));
        }
        return results;
    }

    @Test
    void connectedDriver_takesMessages_onTheThreadThatSendsThem() {
        AtomicBoolean elsewhere = new AtomicBoolean();
        Thread here = Thread.currentThread();
        onSendAtOnce = outgoing -> {
            elsewhere.compareAndSet(false, Thread.currentThread() != here);
            return takeAtOnce(outgoing);
        };
        try (Producer producer = producer().build()) {
            producer.connect().join();
            assertThat(send(producer, 0, 100)).allMatch(CompletableFuture::isDone);
        }
        assertThat(atOnce).hasValue(100);
        assertThat(elsewhere).isFalse();
        assertThat(calls).hasValue(0);
    }

    @Test
    void beforeItIsConnected_messagesWait_andNoneOvertakesThem() {
        CountDownLatch connect = new CountDownLatch(1);
        onOpen = () -> awaitUninterruptibly(connect);
        try (Producer producer = producer().maxBatch(3).build()) {
            List<CompletableFuture<SendResult>> results = send(producer, 0, 1_000);
            connect.countDown();
            results.addAll(send(producer, 1_000, 2_000));
            results.forEach(CompletableFuture::join);
        }
        assertThat(received).hasSize(2_000).isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
    }

    @Test
    void whatIsNotTaken_goesTheOtherWay_inOrder_andCountsNoTry() {
        onSendAtOnce = outgoing -> ThreadLocalRandom.current().nextInt(4) > 0 && takeAtOnce(outgoing);
        AtomicInteger failures = new AtomicInteger();
        try (Producer producer = producer()
                .retry(new RetryConfig(0, Duration.ofMillis(1), Duration.ofMillis(1), true, true))
                .build()) {
            producer.connect().join();
            for (int i = 0; i < 10_000; i += 10) {
                for (CompletableFuture<SendResult> result : send(producer, i, i + 10)) {
                    result.handle((ok, failed) -> failed == null ? 0 : failures.incrementAndGet())
                            .join();
                }
            }
        }
        assertThat(failures).hasValue(0);
        assertThat(received).hasSize(10_000).isSortedAccordingTo((a, b) -> Integer.parseInt(a) - Integer.parseInt(b));
        assertThat(atOnce).hasValueBetween(1, 9_999);
    }

    @Test
    void manyThreads_loseNothing_andEachKeepsItsOrder() throws Exception {
        int threads = 4;
        int each = 20_000;
        AtomicBoolean busy = new AtomicBoolean();
        AtomicBoolean twoAtATime = new AtomicBoolean();
        onSendAtOnce = outgoing -> {
            if (!busy.compareAndSet(false, true)) {
                twoAtATime.set(true);
            }
            boolean taken = ThreadLocalRandom.current().nextInt(10) > 0 && takeAtOnce(outgoing);
            busy.set(false);
            return taken;
        };
        onSend = outgoing -> {
            if (!busy.compareAndSet(false, true)) {
                twoAtATime.set(true);
            }
            take(outgoing);
            busy.set(false);
        };
        CyclicBarrier start = new CyclicBarrier(threads);
        try (Producer producer = producer().build()) {
            producer.connect().join();
            List<Thread> senders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int from = t * each;
                Thread sender = new Thread(() -> {
                    try {
                        start.await(60, TimeUnit.SECONDS);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                    send(producer, from, from + each);
                });
                senders.add(sender);
                sender.start();
            }
            for (Thread sender : senders) {
                sender.join();
            }
            producer.flush().join();
        }
        assertThat(twoAtATime).isFalse();
        assertThat(received).hasSize(threads * each);
        for (int t = 0; t < threads; t++) {
            int thread = t;
            assertThat(received.stream().mapToInt(Integer::parseInt).filter(i -> i / each == thread))
                    .hasSize(each)
                    .isSorted();
        }
    }

    @Test
    void sendFromWithin_goesTheOtherWay() {
        try (Producer producer = producer().build()) {
            producer.connect().join();
            List<CompletableFuture<SendResult>> inner = new ArrayList<>();
            onSendAtOnce = outgoing -> {
                if (inner.isEmpty()) {
                    inner.add(producer.send(Message.of("inner"))); // by a function of the application
                }
                return takeAtOnce(outgoing);
            };
            producer.send(Message.of("outer")).join();
            inner.get(0).join();
        }
        assertThat(received).containsExactly("outer", "inner");
        assertThat(atOnce).hasValue(1);
    }

    @Test
    void whatIsTakenAndFails_isSentAgain() {
        onSendAtOnce = outgoing -> {
            outgoing.fail(new BrokerConnectionException("not now"));
            return true;
        };
        try (Producer producer = producer().build()) {
            producer.connect().join();
            producer.send(Message.of("x")).join();
        }
        assertThat(received).containsExactly("x");
        assertThat(calls).hasValue(1);
    }

    @Test
    void sessionThatIsOver_isReplaced_andTheMessageSent() {
        onSendAtOnce = outgoing -> {
            if (opened.get() == 1) {
                throw new BrokerConnectionException("it is over");
            }
            return takeAtOnce(outgoing);
        };
        onSend = outgoing -> {
            if (opened.get() == 1) {
                throw new BrokerConnectionException("it is over");
            }
            take(outgoing);
        };
        try (Producer producer = producer().build()) {
            producer.connect().join();
            producer.send(Message.of("x")).join();
        }
        assertThat(received).containsExactly("x");
        assertThat(opened).hasValue(2);
        assertThat(closed).hasValue(2);
    }

    @Test
    void threadThatIsHeldUp_holdsUpNobody_andMessagesEndByTheirTimeLimit() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        onSendAtOnce = outgoing -> {
            inside.countDown();
            awaitUninterruptibly(release); // a function of the application
            return takeAtOnce(outgoing);
        };
        try (Producer producer = producer()
                .sendTimeout(Duration.ofSeconds(2))
                .closeTimeout(Duration.ofSeconds(1))
                .build()) {
            producer.connect().join();
            AtomicBoolean failed = new AtomicBoolean();
            Thread held = new Thread(() -> producer.send(Message.of("held")).exceptionally(e -> {
                failed.set(e instanceof UncertainSendException);
                return null;
            }));
            held.start();
            assertThat(inside.await(60, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(() -> producer.send(Message.of("next")).get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(MessageException.class)
                    .hasMessageContaining("the message was not sent");
            producer.disconnect().get(60, TimeUnit.SECONDS);
            release.countDown();
            held.join();
            Awaitility.await().atMost(60, TimeUnit.SECONDS).untilTrue(failed);
        }
    }

    @Test
    void flush_waitsForWhatWasTakenAtOnce() throws Exception {
        List<Outgoing> taken = new ArrayList<>();
        onSendAtOnce = taken::add;
        try (Producer producer = producer().build()) {
            producer.connect().join();
            producer.send(Message.of("x"));
            CompletableFuture<Void> flush = producer.flush();
            CompletableFuture<Boolean> sent = flush.thenApply(ok -> received.contains("x"));
            take(taken.get(0));
            assertThat(sent.get(60, TimeUnit.SECONDS)).isTrue();
        }
    }
}
