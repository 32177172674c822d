package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Every send ends, in one of three ways, and none blocks its caller. */
interface SendingCases extends ConformanceCases {

    @Test
    @DisplayName("C10 producerCloseFlushes")
    default void close_settlesEverySend() {
        String destination = harness().newDestination();
        List<CompletableFuture<SendResult>> results = Collections.synchronizedList(new ArrayList<>());
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            sendFromManyThreadsAndClose(destination, results);
            assertThat(results).hasSize(5_000).allMatch(CompletableFuture::isDone);
            assertThat(results.stream().filter(r -> !r.isCompletedExceptionally()))
                    .hasSize(5_000);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(5_000);
            assertThat(subscriber.texts()).containsAll(bodies(5_000));
        }
    }

    private void sendFromManyThreadsAndClose(String destination, List<CompletableFuture<SendResult>> results) {
        MessageProducer producer = producer(destination);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 5; t++) {
            int first = t * 1_000;
            Thread thread = new Thread(() -> {
                for (int i = first; i < first + 1_000; i++) {
                    results.add(producer.send(Message.of(Integer.toString(i))));
                }
            });
            threads.add(thread);
            thread.start();
        }
        threads.forEach(thread -> {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        producer.close();
    }

    @Test
    @DisplayName("C17 sendToMissingDestination")
    default void sendToMissingDestination_isSaid() {
        String missing = required(harness().missingDestination(), "destinations that are not made by being used");
        try (MessageProducer producer = producer(missing)) {
            assertThatThrownBy(() -> get(producer.send(Message.of("x"))))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(missing);
        }
    }

    @Test
    @DisplayName("C20 batchSendAck")
    default void sendBatch_givesAResultForEach() {
        String destination = harness().newDestination();
        try (MessageProducer producer =
                        harness().producer(destination, producerOptions().withMaxBatch(6));
                MessageBroker consumer = consumer(destination, GROUP)) {
            List<Message> batch = bodies(12).stream().map(Message::of).toList();
            List<SendResult> results = get(producer.sendBatch(batch));
            assertThat(results).hasSize(12);
            assertThat(results.stream().map(SendResult::id))
                    .containsExactlyElementsOf(batch.stream().map(Message::id).toList());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(12);
            assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(bodies(12));
            get(producer.flush());
            assertThat(get(producer.sendBatch(List.of()))).isEmpty();
        }
    }

    @Test
    @DisplayName("C20b sendAll")
    default void sendAll_givesTheResultsInOrder() {
        String destination = harness().newDestination();
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            SubmissionPublisher<Message> source = new SubmissionPublisher<>(Runnable::run, 256);
            List<String> ids = Collections.synchronizedList(new ArrayList<>());
            CompletableFuture<Void> ended = new CompletableFuture<>();
            producer.sendAll(source).subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    subscription.request(Long.MAX_VALUE);
                }

                @Override
                public void onNext(SendResult result) {
                    ids.add(result.id());
                }

                @Override
                public void onError(Throwable cause) {
                    ended.completeExceptionally(cause);
                }

                @Override
                public void onComplete() {
                    ended.complete(null);
                }
            });
            eventually("the source to be subscribed").until(source::hasSubscribers);
            bodies(500)
                    .forEach(body -> source.submit(
                            Message.builder().id("id-" + body).body(body).build()));
            source.close();
            get(ended);
            assertThat(ids)
                    .containsExactlyElementsOf(
                            bodies(500).stream().map(body -> "id-" + body).toList());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(500);
        }
    }

    @Test
    @DisplayName("C34 sendNeverBlocksCaller")
    default void send_whileTheBrokerIsDown_returnsAtOnce_andEndsInTime() {
        requires(harness().canStopServer(), "a server that can be stopped");
        String destination = harness().newDestination();
        try (MessageProducer producer =
                harness().producer(destination, producerOptions().withSendTimeout(Duration.ofSeconds(3)))) {
            eventually("a send").until(() -> succeeds(producer)); // to connect may take longer than the limit
            harness().stopServer();
            try {
                List<CompletableFuture<SendResult>> results = new ArrayList<>();
                int atOnce = 0;
                for (int i = 0; i < 100; i++) {
                    long before = System.nanoTime();
                    results.add(producer.send(Message.of("during " + i)));
                    atOnce += System.nanoTime() - before < Duration.ofMillis(50).toNanos() ? 1 : 0;
                }
                // A busy machine may take the thread away now and then; a client that blocks does so each time.
                assertThat(atOnce).isGreaterThan(80);
                for (CompletableFuture<SendResult> result : results) {
                    assertThatThrownBy(() -> get(result))
                            .isInstanceOf(BrokerException.class)
                            .matches(
                                    e -> e instanceof MessageException || e instanceof UncertainSendException, "typed");
                }
            } finally {
                harness().startServer();
            }
            eventually("sends that succeed").until(() -> succeeds(producer));
        }
    }

    private static boolean succeeds(MessageProducer producer) {
        try {
            TestSubscriber.get(producer.send(Message.of("after")));
            return true;
        } catch (BrokerException e) {
            return false;
        }
    }

    @Test
    @DisplayName("C37 oversize")
    default void oversizeMessage_isRejected_andTheNextOneGoes() {
        requires(can().maxMessageBytes() < Integer.MAX_VALUE, "a size limit");
        String destination = harness().newDestination();
        try (MessageProducer producer = producer(destination)) {
            byte[] tooLarge = new byte[(int) can().maxMessageBytes() + 200_000];
            assertThatThrownBy(() -> get(producer.send(Message.of(tooLarge)))).isInstanceOf(MessageException.class);
            get(producer.send(Message.of("small")));
        }
    }

    @Test
    @DisplayName("C38 payloadCopied")
    default void bodyChangedAfterSend_changesNothing() {
        String destination = harness().newDestination();
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            byte[] body = "before".getBytes(java.nio.charset.StandardCharsets.UTF_8);
            CompletableFuture<SendResult> result = producer.send(Message.of(body));
            java.util.Arrays.fill(body, (byte) 'x');
            get(result);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("before");
        }
    }

    @Test
    @DisplayName("C43 closeDuringSend")
    default void closeDuringSends_settlesAll() {
        String destination = harness().newDestination();
        MessageProducer producer = producer(destination);
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        AtomicInteger fromCallback = new AtomicInteger();
        for (int i = 0; i < 500; i++) {
            results.add(producer.send(Message.of("x")));
        }
        results.get(0).whenComplete((result, error) -> producer.flush().thenRun(fromCallback::incrementAndGet));
        producer.close();
        assertThat(results).allMatch(CompletableFuture::isDone);
        eventually("the flush that was asked for in a callback").until(() -> fromCallback.get() == 1);
    }

    @Test
    @DisplayName("C44 interrupt")
    default void interruptOfACaller_harmsNobody() {
        String destination = harness().newDestination();
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            Thread.currentThread().interrupt();
            CompletableFuture<SendResult> result = producer.send(Message.of("x"));
            assertThat(Thread.interrupted()).isTrue();
            get(result);
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                Thread.currentThread().interrupt();
                message.ack();
            });
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            get(producer.send(Message.of("y")));
            subscriber.await(2);
        }
    }
}
