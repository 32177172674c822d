package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class WorkerTest extends WorkerFixture {
    private final Set<String> handled = ConcurrentHashMap.newKeySet();

    record Order(String product, int count) {}

    @Test
    void handler_isCalledForEachMessage_andAcknowledges() {
        send(500, i -> Message.of("m" + i));
        Worker worker = start(worker().concurrency(4).onMessage(message -> handled.add(message.text())));
        eventually("all messages", () -> handled.size() == 500 && unsettled() == 0);
        assertThat(worker.stats().handled()).isEqualTo(500);
        assertThat(worker.stats().handledPerSecond()).isPositive();
        assertThat(worker.health().status()).isEqualTo(Health.Status.UP);
    }

    @Test
    void concurrency_isReached_andNeverExceeded() {
        send(200, i -> Message.of("m" + i));
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch eight = new CountDownLatch(8);
        start(worker().concurrency(8).onMessage(message -> {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            eight.countDown();
            eight.await(60, TimeUnit.SECONDS);
            now.decrementAndGet();
            handled.add(message.text());
        }));
        eventually("all messages", () -> handled.size() == 200);
        assertThat(most.get()).isEqualTo(8);
    }

    @Test
    void oneHandlerAtATime_handlesInTheOrderOfArrival() {
        send(200, i -> Message.of("m" + i));
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        start(worker().onMessage(message -> order.add(message.text())));
        eventually("all messages", () -> order.size() == 200);
        for (int i = 0; i < 200; i++) {
            assertThat(order.get(i)).isEqualTo("m" + i);
        }
    }

    @Test
    void prefetch_boundsWhatIsTaken() {
        send(100, i -> Message.of("m" + i));
        CountDownLatch release = new CountDownLatch(1);
        Worker worker = start(worker().concurrency(2).prefetch(10).onMessage(message -> {
            release.await();
            handled.add(message.text());
        }));
        eventually("a full window", () -> worker.stats().inFlight() == 10);
        assertThat(broker.stats(TOPIC, "group").orElseThrow().inFlight()).isEqualTo(10);
        release.countDown();
        eventually("all messages", () -> handled.size() == 100);
    }

    @Test
    void json_isReadIntoARecord_strictlyAndWithoutUnknownFields() throws Exception {
        Codec<Order> json = Codec.json(Order.class);
        String valid = "{\"product\":\"tea\",\"count\":2,\"added later\":true}";
        List<String> invalid = List.of(
                "{\"product\":\"tea\",\"product\":\"coffee\"}", "{\"product\":\"tea\"} {}", "null", "", "{", "[1]");
        send(7, i -> Message.of(i == 0 ? valid : invalid.get(i - 1)));
        AtomicReference<Order> order = new AtomicReference<>();
        Worker worker =
                start(worker().deadLetter(producer(LETTERS)).onMessage(json, (value, message) -> order.set(value)));
        eventually("all", () -> worker.stats().handled() + worker.stats().deadLettered() == 7);
        assertThat(worker.stats().handled()).isEqualTo(1);
        assertThat(order.get()).isEqualTo(new Order("tea", 2));
        assertThat(json.decode(json.encode(new Order("milk", 1)))).isEqualTo(new Order("milk", 1));
    }

    @Test
    void to_sendsOnWhatTransformMade_andAcknowledgesOnlyThen() {
        send(100, i -> Message.builder().id("id-" + i).key("k").body("m" + i).build());
        CompletableFuture<Void> release = new CompletableFuture<>();
        MessageProducer invoicing = producer("invoices");
        MessageProducer held = new ForwardingProducer(invoicing) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                return release.thenCompose(ok -> super.send(message));
            }
        };
        start(worker().to(held).transform(message -> {
            int number = Integer.parseInt(message.text().substring(1));
            return number % 2 == 0
                    ? null
                    : message.toBuilder().body("invoice " + number).build();
        }));
        eventually("what is not sent on is acknowledged", () -> unsettled() == 50);
        release.complete(null);
        List<Message> invoices = read("invoices", 50);
        assertThat(invoices).hasSize(50).allSatisfy(invoice -> {
            assertThat(invoice.text()).startsWith("invoice ");
            assertThat(invoice.id()).startsWith("id-");
            assertThat(invoice.key()).isEqualTo("k");
        });
        eventually("all acknowledged", () -> unsettled() == 0);
    }

    @Test
    void to_alone_isAPipe_inOrder() {
        send(
                200,
                i -> Message.builder()
                        .id("id-" + i)
                        .header("h", "v")
                        .body("m" + i)
                        .build());
        start(worker().to(producer("copies")));
        List<Message> copies = read("copies", 200);
        for (int i = 0; i < 200; i++) {
            assertThat(copies.get(i).text()).isEqualTo("m" + i);
            assertThat(copies.get(i).id()).isEqualTo("id-" + i);
            assertThat(copies.get(i).headers().get("h")).isEqualTo("v");
        }
        eventually("all acknowledged", () -> unsettled() == 0);
    }

    @Test
    void sendThatFails_isAFailureOfTheHandler() {
        send("x");
        AtomicInteger sends = new AtomicInteger();
        MessageProducer flaky = new ForwardingProducer(producer("copies")) {
            @Override
            public CompletableFuture<SendResult> send(Message message) {
                return sends.incrementAndGet() == 1
                        ? CompletableFuture.failedFuture(new BrokerConnectionException("away"))
                        : super.send(message);
            }
        };
        Worker worker = start(worker().to(flaky));
        assertThat(read("copies", 1)).hasSize(1);
        eventually("acknowledged", () -> unsettled() == 0);
        assertThat(worker.stats().retried()).isEqualTo(1);
    }

    @Test
    void asyncHandlers_areBoundedByTheConcurrency_andFailLikeOthers() throws Exception {
        send(20, i -> Message.of("m" + i));
        List<CompletableFuture<Void>> stages = Collections.synchronizedList(new ArrayList<>());
        Worker worker = start(worker().concurrency(5).onMessageAsync(message -> {
            CompletableFuture<Void> stage = new CompletableFuture<>();
            stages.add(stage);
            return stage;
        }));
        eventually("five under way", () -> stages.size() == 5);
        assertThat(worker.stats().handling()).isEqualTo(5);
        stages.get(0).completeExceptionally(new IllegalStateException("once"));
        for (int done = 1; done < 21; done++) {
            int next = done;
            eventually("the next one", () -> stages.size() > next);
            stages.get(next).complete(null);
        }
        eventually("all handled", () -> worker.stats().handled() == 20 && unsettled() == 0);
        assertThat(worker.stats().failed()).isEqualTo(1);
    }

    @Test
    void handlerThatCatchesTheInterruptOfItsTimeLimit_hasFailed() {
        send("slow");
        AtomicInteger tries = new AtomicInteger();
        Worker worker = start(worker().handlerTimeout(Duration.ofMillis(200)).onMessage(message -> {
            if (tries.incrementAndGet() == 1) {
                sleep(60_000); // catches it
            }
        }));
        eventually("the message handled", () -> worker.stats().handled() == 1 && unsettled() == 0);
        assertThat(tries.get()).isEqualTo(2);
        assertThat(worker.stats().failed()).isEqualTo(1);
    }

    @Test
    void stageReturnedAfterTheTimeLimit_isCancelled_andTheMessageHasFailed() {
        send("slow");
        CompletableFuture<Void> first = new CompletableFuture<>();
        AtomicInteger tries = new AtomicInteger();
        Worker worker = start(worker().handlerTimeout(Duration.ofMillis(200)).onMessageAsync(message -> {
            if (tries.incrementAndGet() > 1) {
                return CompletableFuture.completedFuture(null);
            }
            sleep(60_000);
            return first;
        }));
        eventually("the message handled", () -> worker.stats().handled() == 1 && unsettled() == 0);
        assertThat(tries.get()).isEqualTo(2);
        assertThat(first).isCancelled();
    }

    @Test
    void handlerTimeout_interruptsThatHandlerAlone_andTheMessageIsTriedAgain() {
        send("slow", "quick");
        AtomicInteger slow = new AtomicInteger();
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Worker worker = start(worker().concurrency(2)
                .handlerTimeout(Duration.ofMillis(200))
                .retryOn(failure -> {
                    seen.set(failure);
                    return true;
                })
                .onMessage(message -> {
                    if (message.text().equals("slow") && slow.incrementAndGet() == 1) {
                        new CountDownLatch(1).await();
                    }
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                }));
        eventually("both handled", () -> worker.stats().handled() == 2);
        assertThat(seen.get()).isInstanceOf(TimeoutException.class).hasMessageContaining("PT0.2S");
        assertThat(slow.get()).isEqualTo(2);
    }

    @Test
    void handlerTimeout_endsAnAsyncHandler_whoseLateWordChangesNothing() {
        send("x");
        List<CompletableFuture<Void>> stages = Collections.synchronizedList(new ArrayList<>());
        Worker worker = start(worker().handlerTimeout(Duration.ofMillis(100)).onMessageAsync(message -> {
            CompletableFuture<Void> stage = new CompletableFuture<>();
            stages.add(stage);
            return stages.size() == 1 ? stage.minimalCompletionStage() : CompletableFuture.completedFuture(null);
        }));
        eventually(
                "handled at the second try",
                () -> worker.stats().handled() == 1 && worker.stats().inFlight() == 0);
        stages.get(0).complete(null);
        assertThat(worker.stats().handled()).isEqualTo(1);
        assertThat(worker.stats().inFlight()).isZero();
    }

    @Test
    void beforeHandler_acknowledgesFirst_andNeverGivesBack() {
        send("a", "b");
        Worker worker = start(
                worker().ackPolicy(AckPolicy.BEFORE_HANDLER).retry(retries(1)).onMessage(message -> {
                    assertThat(unsettled()).isLessThan(2);
                    assertThat(message.isSettled()).isTrue();
                    if (message.text().equals("a")) {
                        throw new IllegalStateException("no");
                    }
                }));
        eventually(
                "both done with",
                () -> worker.stats().handled() == 1 && worker.stats().lost() == 1);
        assertThat(worker.stats().failed()).isEqualTo(2);
        assertThat(unsettled()).isZero();
    }

    @Test
    void manual_leavesSettlingToTheHandler_butNotAFailure() {
        send("ack", "keep", "fail", "reject");
        List<Message> kept = Collections.synchronizedList(new ArrayList<>());
        AtomicInteger failures = new AtomicInteger();
        Worker worker = start(worker().ackPolicy(AckPolicy.MANUAL).onMessage(message -> {
            switch (message.text()) {
                case "ack" -> message.ack();
                case "keep" -> kept.add(message);
                case "reject" -> {
                    message.reject("by hand");
                    throw new IllegalStateException("settled already: nothing more is to be done");
                }
                default -> {
                    if (failures.incrementAndGet() == 1) {
                        throw new IllegalStateException("once");
                    }
                    message.ack();
                }
            }
        }));
        eventually("one is left", () -> unsettled() == 1 && worker.stats().inFlight() == 0);
        assertThat(failures.get()).isEqualTo(2);
        assertThat(read(LETTERS, 1).get(0).text()).isEqualTo("reject");
        kept.get(0).ack();
        eventually("none is left", () -> unsettled() == 0);
    }

    @Test
    void batches_areFilledOrSentAfterAWhile_andEachMessageHasAResult() {
        send(25, i -> Message.of("m" + i));
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        Set<String> failedOnce = ConcurrentHashMap.newKeySet();
        Worker worker = start(worker().deadLetter(producer(LETTERS)).onBatch(10, Duration.ofMillis(200), batch -> {
            sizes.add(batch.size());
            for (int i = 0; i < batch.size(); i++) {
                String text = batch.get(i).text();
                if (text.equals("m3")) {
                    batch.reject(i, "three");
                } else if (text.equals("m7") && failedOnce.add(text)) {
                    batch.fail(i, new IllegalStateException("once"));
                } else {
                    handled.add(text);
                }
            }
        }));
        eventually("all", () -> worker.stats().handled() == 24 && worker.stats().deadLettered() == 1);
        assertThat(handled).hasSize(24);
        assertThat(sizes).allMatch(size -> size <= 10).contains(10);
        assertThat(read(LETTERS, 1).get(0).text()).isEqualTo("m3");
        eventually("all settled", () -> unsettled() == 0);
    }

    @Test
    void batchHandlerThatThrows_failsAllOfIt() {
        send(10, i -> Message.of("m" + i));
        AtomicInteger calls = new AtomicInteger();
        Worker worker = start(worker().onBatch(10, Duration.ofSeconds(60), batch -> {
            if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("all of it");
            }
        }));
        eventually("all handled", () -> worker.stats().handled() == 10 && unsettled() == 0);
        assertThat(worker.stats().failed()).isEqualTo(10);
    }

    @Test
    void executor_ofTheApplication_runsTheHandlers_andItsRefusalEndsTheWorkerLoudly() {
        send("a");
        ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, "mine"));
        Worker worker = start(worker().executor(executor)
                .onMessage(message -> handled.add(Thread.currentThread().getName())));
        eventually("handled", () -> worker.stats().handled() == 1);
        assertThat(handled).containsExactly("mine");
        executor.shutdown();
        send("b");
        eventually("an end", () -> worker.health().status() == Health.Status.DOWN);
        assertThat(worker.health().detail()).contains("RejectedExecutionException");
        worker.close();
        assertThat(broker.stats(TOPIC, "group").orElseThrow().waiting()).isEqualTo(1);
    }

    @Test
    void builder_refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> worker().build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("handler");
        assertThatThrownBy(() -> worker().transform(m -> m).build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("to");
        assertThatThrownBy(() -> worker().onMessage(m -> {}).onMessage(m -> {}))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> worker().concurrency(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> worker().handlerTimeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        Worker worker = opened(worker().onMessage(m -> {}).build());
        assertThat(worker.health().detail()).isEqualTo("not started");
        worker.start();
        assertThatThrownBy(worker::start).isInstanceOf(IllegalStateException.class);
    }
}
