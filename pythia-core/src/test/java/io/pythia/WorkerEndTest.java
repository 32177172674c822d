package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.memory.MemoryConsumer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a worker stops, fails, and bears an outage of what its handlers need. */
@Timeout(120)
class WorkerEndTest extends WorkerFixture {
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();

    private void called(Message message) {
        calls.computeIfAbsent(message.text(), t -> new AtomicInteger()).incrementAndGet();
    }

    @Test
    void messagesThatNobodyCanSettle_endTheWorkerLoudly() {
        try (SubmissionPublisher<Message> source = new SubmissionPublisher<>()) {
            Worker worker = start(Worker.from(new OwnConsumer(source)).onMessage(this::called));
            eventually("the subscription", source::hasSubscribers);
            source.submit(Message.of("made to be sent"));
            assertThatThrownBy(() -> worker.ended().get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("Message.received");
        }
    }

    /** A consumer that an application wrote by itself. */
    private record OwnConsumer(SubmissionPublisher<Message> source) implements MessageBroker {
        @Override
        public String name() {
            return "own";
        }

        @Override
        public CompletableFuture<Void> connect() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public Flow.Publisher<Message> consume() {
            return source;
        }

        @Override
        public CompletableFuture<Health> healthCheck() {
            return CompletableFuture.completedFuture(new Health(Health.Status.UP, "", Map.of()));
        }

        @Override
        public CompletableFuture<Void> disconnect() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public void close() {}
    }

    @Test
    void stopUnderLoad_letsHandlersFinish_andMakesNoDuplicate() {
        send(20_000, i -> Message.of("m" + i));
        Worker first = start(worker().concurrency(8).onMessage(message -> {
            sleep(10);
            called(message);
        }));
        eventually("some progress", () -> first.stats().handled() > 200);
        first.close();
        int before = calls.size();
        assertThat(first.stats().handled()).isEqualTo(before).isLessThan(20_000);
        assertThat(first.stats().inFlight()).isZero();
        assertThat(first.health().detail()).isEqualTo("stopped");
        assertThat(unsettled()).isEqualTo(20_000 - before);
        Worker second = start(worker().concurrency(8).onMessage(this::called));
        eventually("the rest", () -> calls.size() == 20_000 && unsettled() == 0);
        assertThat(second.stats().handled()).isEqualTo(20_000 - before);
        assertThat(calls.values()).allMatch(count -> count.get() == 1);
    }

    @Test
    void stop_handlesWhatWasAcknowledgedBefore() {
        send(100, i -> Message.of("m" + i));
        Worker worker = start(worker().ackPolicy(AckPolicy.BEFORE_HANDLER)
                .closeTimeout(Duration.ofSeconds(60))
                .onMessage(message -> {
                    sleep(2);
                    called(message);
                }));
        eventually("some progress", () -> worker.stats().handled() > 2);
        worker.close();
        assertThat(worker.stats().lost()).isZero();
        assertThat(worker.stats().handled()).isEqualTo(calls.size()).isEqualTo(100 - unsettled());
    }

    @Test
    void stop_whenTheCloseTimeoutIsOver_countsAsLostWhatWasAcknowledgedBefore() {
        send(100, i -> Message.of("m" + i));
        CountDownLatch began = new CountDownLatch(1);
        Worker worker = start(worker().ackPolicy(AckPolicy.BEFORE_HANDLER)
                .closeTimeout(Duration.ofMillis(50))
                .onMessage(message -> {
                    began.countDown();
                    new CountDownLatch(1).await();
                }));
        eventually("the first", () -> began.getCount() == 0);
        worker.close();
        assertThat(worker.stats().handled()).isZero();
        // A handler may hear of its interrupt only after the worker has ceased to wait for it.
        eventually("the rest", () -> worker.stats().lost() == 100 - unsettled());
        assertThat(worker.stats().lost()).isPositive();
    }

    @Test
    void stop_leavesTheTimeLimitOfHandlersInForce() {
        send(10, i -> Message.of("m" + i));
        CountDownLatch began = new CountDownLatch(1);
        Worker worker = start(worker().ackPolicy(AckPolicy.BEFORE_HANDLER)
                .retry(RetryConfig.none())
                .handlerTimeout(Duration.ofSeconds(8))
                .closeTimeout(Duration.ofSeconds(60))
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    called(message);
                    if (began.getCount() > 0) {
                        began.countDown();
                        new CountDownLatch(1).await();
                    }
                }));
        eventually("the first", () -> began.getCount() == 0 && worker.stats().inFlight() == 10);
        worker.stop().orTimeout(50, TimeUnit.SECONDS).join();
        assertThat(worker.stats().handled()).isEqualTo(9);
        assertThat(worker.stats().lost()).isZero();
        assertThat(read(LETTERS, 1).get(0).headers().get("pythia-dead-letter-exception"))
                .contains("TimeoutException");
    }

    @Test
    void stop_leavesTheTimeLimitOfAsyncHandlersInForce() {
        send("x");
        CompletableFuture<Void> never = new CompletableFuture<>();
        AtomicBoolean began = new AtomicBoolean();
        Worker worker = start(worker().handlerTimeout(Duration.ofSeconds(8))
                .closeTimeout(Duration.ofSeconds(60))
                .onMessageAsync(message -> {
                    began.set(true);
                    return never;
                }));
        eventually("a handler at work", began::get);
        worker.stop().orTimeout(50, TimeUnit.SECONDS).join();
        assertThat(never).isCancelled();
        assertThat(unsettled()).isEqualTo(1);
    }

    @Test
    void retryOnThatThrows_endsTheWorkerLoudly_andTheMessageStays() {
        send("bad");
        Worker worker = start(worker().retryOn(failure -> {
                    throw new ClassCastException("it is another one");
                })
                .onMessageAsync(message -> CompletableFuture.failedFuture(new IllegalStateException("no"))));
        assertThatThrownBy(() -> worker.ended().get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(ClassCastException.class);
        assertThat(unsettled()).isEqualTo(1);
    }

    @Test
    void stop_interruptsHandlers_whenTheCloseTimeoutIsOver_andGivesTheirMessagesBack() {
        send("slow", "waiting");
        CountDownLatch began = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        Worker worker = start(worker().closeTimeout(Duration.ofMillis(100)).onMessage(message -> {
            began.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
        }));
        eventually("a handler at work", () -> began.getCount() == 0);
        worker.close();
        assertThat(interrupted).isTrue();
        assertThat(worker.stats().failed()).isZero();
        assertThat(unsettled()).isEqualTo(2);
        start(worker().onMessage(this::called));
        eventually("both", () -> calls.size() == 2);
    }

    @Test
    void handlerThatCatchesTheInterruptOfTheEnd_hasNotSucceeded() {
        send("slow");
        CountDownLatch began = new CountDownLatch(1);
        Worker worker = start(worker().closeTimeout(Duration.ofMillis(100)).onMessage(message -> {
            began.countDown();
            sleep(60_000); // catches it
        }));
        eventually("a handler at work", () -> began.getCount() == 0);
        worker.close();
        assertThat(worker.stats().handled()).isZero();
        assertThat(unsettled()).isEqualTo(1);
    }

    @Test
    void stop_cancelsAsyncHandlers_whenTheCloseTimeoutIsOver() {
        send("x");
        CompletableFuture<Void> never = new CompletableFuture<>();
        AtomicBoolean began = new AtomicBoolean();
        Worker worker = start(worker().closeTimeout(Duration.ofMillis(100)).onMessageAsync(message -> {
            began.set(true);
            return never;
        }));
        eventually("a handler at work", began::get);
        worker.close();
        assertThat(never).isCancelled();
        assertThat(unsettled()).isEqualTo(1);
    }

    @Test
    void stop_endsAlsoWhenAHandlerNeverDoes() {
        send("x");
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch began = new CountDownLatch(1);
        try {
            Worker worker = Worker.from(
                            consumer().closeTimeout(Duration.ofMillis(100)).build())
                    .closeTimeout(Duration.ofMillis(100))
                    .onMessage(message -> {
                        began.countDown();
                        while (release.getCount() > 0) {
                            try {
                                release.await();
                            } catch (InterruptedException e) {
                                // does not care
                            }
                        }
                    })
                    .start();
            eventually("a handler at work", () -> began.getCount() == 0);
            worker.stop().orTimeout(60, TimeUnit.SECONDS).join();
            assertThat(unsettled()).isEqualTo(1);
        } finally {
            release.countDown();
        }
    }

    @Test
    void stop_waitsForWhatIsSentOn_beforeItDisconnects() {
        send("x");
        CompletableFuture<Void> confirmed = new CompletableFuture<>();
        AtomicBoolean sending = new AtomicBoolean();
        MessageProducer slow = new ForwardingProducer(producer("copies")) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                sending.set(true);
                return confirmed.thenCompose(ok -> super.send(message));
            }
        };
        Worker worker = start(worker().to(slow));
        eventually("a send under way", sending::get);
        CompletableFuture<Void> stopped = worker.stop();
        assertThat(stopped).isNotDone();
        confirmed.complete(null);
        stopped.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(unsettled()).isZero();
        assertThat(read("copies", 1)).hasSize(1);
    }

    @Test
    void stop_whileMessagesWaitForTheirRetry_givesThemBackAtOnce() {
        send("x");
        Worker worker = start(worker().retry(new RetryConfig(1, Duration.ofHours(1), Duration.ofHours(1), false, false))
                .onMessage(message -> {
                    called(message);
                    throw new IllegalStateException("no");
                }));
        eventually("a failure", () -> worker.stats().retried() == 1);
        worker.close();
        assertThat(unsettled()).isEqualTo(1);
        assertThat(calls.get("x").get()).isEqualTo(1);
    }

    @Test
    void run_returnsWhenStopped_andThrowsWhatEndedTheStream() throws InterruptedException {
        Worker stopped = opened(worker().onMessage(this::called).build());
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread running = new Thread(
                () -> {
                    try {
                        stopped.run();
                    } catch (Throwable t) {
                        thrown.set(t);
                    }
                },
                "run");
        running.start();
        send("x");
        eventually("a message", () -> calls.size() == 1);
        stopped.stop();
        running.join();
        assertThat(thrown.get()).isNull();

        MemoryConsumer missing = MemoryConsumer.builder()
                .broker(new io.pythia.memory.MemoryBroker(
                        io.pythia.memory.MemoryConfig.defaults().withAutoCreateTopics(false)))
                .topic("missing")
                .build();
        Worker failing = opened(Worker.from(missing).onMessage(this::called).build());
        assertThatThrownBy(failing::run)
                .isInstanceOf(DestinationNotFoundException.class)
                .hasMessageContaining("missing");
        assertThat(failing.health().status()).isEqualTo(Health.Status.DOWN);
    }

    @Test
    void fatalError_endsTheWorkerLoudly_andTheMessageStays() {
        send("x");
        Worker worker = start(worker().onMessage(message -> {
            throw new NoClassDefFoundError("gone");
        }));
        eventually("an end", () -> worker.health().detail().contains("NoClassDefFoundError"));
        worker.close();
        assertThat(unsettled()).isEqualTo(1);
    }

    @Test
    void stopOnFailure_endsTheWorkerWithTheCause_andTheMessageStays() {
        send("a", "bad", "c");
        Worker worker = opened(worker().retry(retries(2))
                .stopOnFailure()
                .onMessage(message -> {
                    called(message);
                    if (message.text().equals("bad")) {
                        throw new BrokerConnectionException("the destination is away");
                    }
                })
                .build());
        assertThatThrownBy(worker::run)
                .isInstanceOf(BrokerConnectionException.class)
                .hasMessageContaining("the destination is away");
        assertThat(calls.get("bad").get()).isEqualTo(3);
        assertThat(unsettled()).isEqualTo(3 - worker.stats().handled());
        assertThat(worker.stats().deadLettered()).isZero();
    }

    @Test
    void outage_triesOneAtATime_keepsTheDeadLettersEmpty_andEndsWithTheFirstSuccess() {
        send(500, i -> Message.of("m" + i));
        AtomicBoolean down = new AtomicBoolean(true);
        AtomicInteger now = new AtomicInteger();
        AtomicInteger mostInOutage = new AtomicInteger();
        AtomicInteger probes = new AtomicInteger();
        AtomicReference<Worker> self = new AtomicReference<>();
        Worker worker = opened(worker().concurrency(8)
                .retry(RetryConfig.none())
                .outageAfter(10)
                .outagePauses(new RetryConfig(1, Duration.ofMillis(5), Duration.ofMillis(20), true, false))
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    boolean probe = self.get().stats().outage();
                    int running = probe ? now.incrementAndGet() : 0;
                    try {
                        if (down.get()) {
                            if (probe && probes.incrementAndGet() > 70) {
                                mostInOutage.accumulateAndGet(running, Math::max);
                            }
                            throw new IllegalStateException("the database is down");
                        }
                        called(message);
                    } finally {
                        if (probe) {
                            now.decrementAndGet();
                        }
                    }
                })
                .build());
        self.set(worker);
        worker.start();
        eventually("a good many probes", () -> probes.get() > 120);
        assertThat(mostInOutage.get()).isEqualTo(1);
        assertThat(worker.health().status()).isEqualTo(Health.Status.DEGRADED);
        assertThat(worker.health().detail()).contains("the database is down");
        // Nine may fail before the tenth tells that it is not them; those that ran beside it are not counted either.
        long letters = worker.stats().deadLettered();
        assertThat(letters).isLessThanOrEqualTo(9);
        down.set(false);
        eventually("all the others", () -> calls.size() == 500 - letters && unsettled() == 0);
        assertThat(worker.stats().outage()).isFalse();
        assertThat(worker.stats().deadLettered()).isEqualTo(letters);
        assertThat(worker.health().status()).isEqualTo(Health.Status.UP);
    }

    @Test
    void oneCallForABatchThatThrows_isNoOutage() {
        send(50, i -> Message.of("m" + i));
        AtomicBoolean first = new AtomicBoolean(true);
        Worker worker =
                start(worker().outagePauses(new RetryConfig(1, Duration.ofHours(1), Duration.ofHours(1), false, false))
                        .deadLetter(producer(LETTERS))
                        .onBatch(50, Duration.ofSeconds(60), batch -> {
                            assertThat(batch.size()).isPositive();
                            if (first.getAndSet(false)) {
                                throw new IllegalStateException("once");
                            }
                            batch.forEach(this::called);
                        }));
        eventually("all", () -> worker.stats().handled() == 50 && unsettled() == 0);
        assertThat(worker.stats().failed()).isEqualTo(50);
        assertThat(worker.stats().outage()).isFalse();
        assertThat(calls.values()).allMatch(count -> count.get() == 1);
    }

    @Test
    void batchesThatKeepThrowing_areAnOutage() {
        send(100, i -> Message.of("m" + i));
        Worker worker = start(worker().retry(RetryConfig.none())
                .outageAfter(5)
                .outagePauses(new RetryConfig(1, Duration.ofHours(1), Duration.ofHours(1), false, false))
                .deadLetter(producer(LETTERS))
                .onBatch(10, Duration.ofMillis(500), batch -> {
                    throw new IllegalStateException("the database is down");
                }));
        eventually("an outage", () -> worker.stats().outage());
        assertThat(worker.stats().deadLettered()).isLessThanOrEqualTo(40);
    }

    @Test
    void badMessageThatIsAlone_isNotTakenForAnOutageForEver() {
        send("bad");
        Worker worker = start(worker().retry(RetryConfig.none())
                .outageAfter(1)
                .outagePauses(new RetryConfig(1, Duration.ofMillis(1), Duration.ofMillis(2), true, false))
                .deadLetter(producer(LETTERS))
                .onMessage(message -> {
                    called(message);
                    throw new IllegalStateException("always");
                }));
        assertThat(read(LETTERS, 1).get(0).headers().get("pythia-dead-letter-attempts"))
                .isEqualTo("11");
        assertThat(worker.stats().outage()).isTrue();
        send("good");
        eventually("the next one tried", () -> calls.containsKey("good"));
    }

    @Test
    void stuckHandler_isSeenInTheHealth_withItsStack() {
        send("x");
        CountDownLatch release = new CountDownLatch(1);
        Worker worker = opened(
                Worker.from(consumer().stuckAfter(Duration.ofMillis(1_500)).build())
                        .onMessage(message -> waitInAPlaceToBeFound(release))
                        .start());
        eventually("a health that says so", () -> worker.health().detail().contains("waitInAPlaceToBeFound"));
        assertThat(worker.health().status()).isEqualTo(Health.Status.DOWN);
        assertThat(worker.stats().oldestHandler()).isGreaterThan(Duration.ofSeconds(1));
        release.countDown();
        eventually("health again", () -> worker.health().isUp());
    }

    private static void waitInAPlaceToBeFound(CountDownLatch release) throws InterruptedException {
        release.await();
    }

    @Test
    void tenThousandHandlersAtOnce_whereTheJdkHasVirtualThreads() {
        int handlers = Runtime.version().feature() >= 21 ? 10_000 : 200;
        send(handlers, i -> Message.of("m" + i));
        CountDownLatch all = new CountDownLatch(handlers);
        List<String> names = Collections.synchronizedList(new ArrayList<>());
        Worker worker = start(worker().concurrency(handlers).onMessage(message -> {
            names.add(Thread.currentThread().getName());
            all.countDown();
            all.await();
        }));
        eventually("all handled", () -> worker.stats().handled() == handlers);
        assertThat(names).allMatch(name -> name.startsWith("pythia-memory:orders-worker-"));
    }
}
