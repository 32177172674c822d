package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Brokers that are away, take nothing or forget, and clients that hang. */
@Timeout(120)
class SendOutagesTest extends SendEngineFixture {
    @Test
    void noAnswer_isUncertain_whenTheTimeIsOver() {
        onSend = outgoing -> {};
        try (Producer producer = producer().sendTimeout(Duration.ofMillis(200)).build()) {
            producer.connect().join(); // which would be part of the time
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(UncertainSendException.class);
        }
    }

    /** The first try may have reached the broker: an application that takes it for not sent would send it under another id. */
    @Test
    void uncertainTry_leavesTheMessageUncertain_whenALaterOneIsRefused() {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> outgoing.fail(
                tries.incrementAndGet() == 1
                        ? new UncertainSendException("no answer")
                        : new MessageException("refused"));
        try (Producer producer = producer().build()) {
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("refused");
            assertThat(tries).hasValue(2);
        }
    }

    /** As a request may be broken off while its session is closed: each says so. */
    @Test
    void failureThatIsToldTwice_isOneTry() {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> {
            if (outgoing.message().text().equals("next")) {
                take(outgoing);
            } else if (tries.incrementAndGet() == 1) {
                outgoing.fail(new UncertainSendException("broken off"));
                outgoing.fail(new UncertainSendException("closed"));
            }
        };
        RetryConfig allAtOnce = new RetryConfig(9, Duration.ofMillis(1), Duration.ofMillis(1), false, false);
        try (Producer producer =
                producer().retry(allAtOnce).closeTimeout(Duration.ZERO).build()) {
            producer.send(Message.of("x"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> tries.get() > 1);
            producer.send(Message.of("next")).join();
            assertThat(tries).hasValue(2);
        }
    }

    @Test
    void uncertainTry_leavesTheMessageUncertain_whenTheBrokerIsAwayThen() {
        AtomicInteger tries = new AtomicInteger();
        onSend = outgoing -> outgoing.fail(
                tries.incrementAndGet() == 1 ? new UncertainSendException("no answer") : ScriptedSource.lost());
        try (Producer producer = producer()
                .sendTimeout(Duration.ofSeconds(2))
                .retry(QUICK.withMaxRetries(1_000))
                .build()) {
            producer.connect().join();
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(UncertainSendException.class);
            assertThat(tries).hasValueGreaterThan(1);
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

    @Test
    @Timeout(28) // a second for each where the loop sleeps beyond a message's time limit
    void brokerThatIsAway_timeLimitIsKept_alsoBetweenTwoAttemptsToConnect() {
        onOpen = () -> {
            throw ScriptedSource.lost();
        };
        RetryConfig rare =
                new RetryConfig(RetryConfig.FOREVER, Duration.ofSeconds(30), Duration.ofSeconds(30), false, false);
        try (Producer producer =
                producer().sendTimeout(Duration.ofMillis(100)).retry(rare).build()) {
            for (int i = 0; i < 30; i++) {
                assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                        .hasCauseInstanceOf(MessageException.class);
            }
        }
    }

    @Test
    void sendAfterConnectHasFailed_saysWhyItFailed() {
        onOpen = () -> {
            throw ScriptedSource.lost();
        };
        try (Producer producer = producer().build()) {
            assertThatThrownBy(() -> producer.connect().join()).hasCauseInstanceOf(BrokerConnectionException.class);
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(BrokerConnectionException.class);
        }
    }

    @Test
    void connectAfterAllIsWellAgain_doesNotTellAnOldFailure_andTheDestinationWasThere() throws Exception {
        onOpen = () -> {
            throw new DestinationNotFoundException("not declared yet");
        };
        try (Producer producer = producer().build()) {
            assertThatThrownBy(() -> producer.send(Message.of("x")).join())
                    .hasCauseInstanceOf(DestinationNotFoundException.class);
            assertThatThrownBy(() -> producer.connect().join()).hasCauseInstanceOf(DestinationNotFoundException.class);
            onOpen = () -> {};
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> succeeds(producer));
            producer.connect().get(60, TimeUnit.SECONDS);

            onOpen = () -> {
                throw new DestinationNotFoundException("the broker has forgotten it");
            };
            int openedBefore = opened.get();
            onSend = outgoing -> {
                if (opened.get() == openedBefore) {
                    throw ScriptedSource.lost();
                }
                take(outgoing);
            };
            CompletableFuture<SendResult> waits = producer.send(Message.of("waits"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> opened.get() > openedBefore);
            onOpen = () -> {};
            waits.get(60, TimeUnit.SECONDS);
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
    void brokerThatAHealthCheckFindsDead_isConnectedAnew() {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Producer producer =
                producer().listener(ReceiveEngineFixture.recording(events)).build()) {
            producer.connect().join();
            onPing = () -> {
                throw ScriptedSource.lost();
            };
            assertThat(producer.healthCheck().join().isUp()).isFalse();
            assertThat(producer.healthCheck().join().isUp()).isFalse();
            onPing = () -> {};
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> producer.healthCheck().join().isUp() && events.contains("restored"));
            assertThat(events).containsExactly("lost", "restored");
            assertThat(opened.get()).isEqualTo(2);
        }
    }

    @Test
    void destinationThatWasThere_isWaitedFor_oneThatWasNot_isNot() {
        try (Producer producer = producer().build()) {
            producer.send(Message.of("before")).join();
            onOpen = () -> {
                throw new DestinationNotFoundException("the broker has forgotten it");
            };
            AtomicInteger tries = new AtomicInteger();
            onSend = outgoing -> {
                if (tries.incrementAndGet() == 1) {
                    throw ScriptedSource.lost();
                }
                take(outgoing);
            };
            CompletableFuture<SendResult> tried = producer.send(Message.of("tried"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> opened.get() >= 2);
            CompletableFuture<SendResult> queued = producer.send(Message.of("queued"));
            try (Producer another = producer().build()) {
                assertThatThrownBy(() -> another.send(Message.of("y")).join())
                        .hasCauseInstanceOf(DestinationNotFoundException.class);
            }
            onOpen = () -> {};
            CompletableFuture.allOf(tried, queued)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
        }
        assertThat(received).containsExactlyInAnyOrder("before", "tried", "queued");
    }

    @Test
    void driverThatBlocks_doesNotBlockTheCaller() {
        CountDownLatch release = new CountDownLatch(1);
        onSend = outgoing -> {
            ReceiveEngineFixture.await(release);
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
            producer.connect().join();
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
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> closed.get() == 1);
        } finally {
            never.countDown();
        }
    }

    static List<RuntimeException> whatAClosedDriverThrows() {
        return List.of(
                new IllegalStateException("closed under my hands"), new BrokerException("the session is disconnected"));
    }

    @ParameterizedTest
    @MethodSource("whatAClosedDriverThrows")
    void driverThatHangs_onABrokerWithoutASignOfLife_isClosed_andAnotherOneSends(RuntimeException thrown) {
        CountDownLatch closing = new CountDownLatch(1);
        onClose = closing::countDown;
        onPing = () -> {
            throw ScriptedSource.lost();
        };
        onSend = outgoing -> {
            if (opened.get() == 1) {
                awaitUninterruptibly(closing);
                throw thrown;
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
    void flush_endsWithTheMessagesWhileTheBrokerIsAway() {
        onOpen = () -> {
            throw new BrokerConnectionException("away");
        };
        try (Producer producer = producer().sendTimeout(Duration.ofMillis(200)).build()) {
            CompletableFuture<SendResult> result = producer.send(Message.of("x"));
            producer.flush().orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(result).isCompletedExceptionally();
        }
    }

    @Test
    void brokerThatTakesNothing_isAnOutage_andAllGoesInOrderWhenItEnds() {
        List<String> events = new CopyOnWriteArrayList<>();
        try (Producer producer =
                producer().listener(ReceiveEngineFixture.recording(events)).build()) {
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
            producer.connect().join();
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
}
