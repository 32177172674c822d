package io.pythia.cloud.aws;

import static io.pythia.cloud.aws.ScriptedSqs.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a consumer polls: how much it asks for, what it does when that fails, and the order within a message group. */
class SqsPollingTest {
    private final ScriptedSqs server = new ScriptedSqs();

    @AfterEach
    void close() {
        server.close();
    }

    private SqsConsumer.Builder consumer(String queue) {
        return SqsQueues.consumer(server.address(), queue)
                .config(SqsQueues.config().maxRetries(0).build())
                .retry(new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(100), true, false))
                .closeTimeout(Duration.ofSeconds(2));
    }

    private static void eventually(Runnable check) {
        await().atMost(60, TimeUnit.SECONDS).untilAsserted(check::run);
    }

    @Test
    void receive_asksForNoMoreThanThereIsRoomFor() {
        server.deliveries.add(List.of(message("0"), message("1"), message("2")));
        try (SqsConsumer consumer = consumer("orders").build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(3);
            consumer.consume().subscribe(subscriber);
            subscriber.await(3);
        }
        assertThat(server.requests("ReceiveMessage")).hasSize(1);
        assertThat(server.requests("ReceiveMessage")
                        .get(0)
                        .get("MaxNumberOfMessages")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void receive_carriesTheSettings() {
        try (SqsConsumer consumer = consumer("orders.fifo")
                .maxMessages(4)
                .waitTime(Duration.ofSeconds(2))
                .visibilityTimeout(Duration.ofMinutes(7))
                .build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            eventually(() -> assertThat(server.requests("ReceiveMessage")).isNotEmpty());
        }
        var request = server.requests("ReceiveMessage").get(0);
        assertThat(request.get("QueueUrl").asText()).isEqualTo(SqsQueues.url(server.address(), "orders.fifo"));
        assertThat(request.get("MaxNumberOfMessages").asInt()).isEqualTo(4);
        assertThat(request.get("WaitTimeSeconds").asInt()).isEqualTo(2);
        assertThat(request.get("VisibilityTimeout").asInt()).isEqualTo(420);
        assertThat(request.get("ReceiveRequestAttemptId").asText()).isNotEmpty();
    }

    @Test
    void idleQueue_hasOnePoll_andABusyOneAsManyAsAllowed() {
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger next = new AtomicInteger();
        server.script("ReceiveMessage", request -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            try {
                TimeUnit.MILLISECONDS.sleep(20); // a round trip
            } catch (InterruptedException e) {
                throw ScriptedSqs.CUT;
            }
            underWay.decrementAndGet();
            ObjectNode answer = ScriptedSqs.JSON.createObjectNode();
            var messages = answer.putArray("Messages");
            if (next.get() < 1_000) {
                IntStream.range(0, request.get("MaxNumberOfMessages").asInt())
                        .forEach(i -> messages.add(message(Integer.toString(next.incrementAndGet()))));
            }
            return answer;
        });
        try (SqsConsumer consumer = consumer("orders").pollers(3).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1_000);
            assertThat(most.get()).isEqualTo(3);
            long before = server.requests("ReceiveMessage").size();
            eventually(
                    () -> assertThat(server.requests("ReceiveMessage").size()).isGreaterThan((int) before + 20));
            most.set(0);
            long idle = server.requests("ReceiveMessage").size();
            eventually(
                    () -> assertThat(server.requests("ReceiveMessage").size()).isGreaterThan((int) idle + 20));
            assertThat(most.get()).isEqualTo(1);
        }
    }

    @Test
    void everySortOfTrouble_isOutlived() {
        AtomicInteger call = new AtomicInteger();
        server.script("ReceiveMessage", request -> {
            ObjectNode answer = ScriptedSqs.JSON.createObjectNode();
            switch (call.getAndIncrement()) {
                case 0 -> throw ScriptedSqs.Failure.of(500, "InternalError");
                case 1 -> throw ScriptedSqs.CUT;
                case 2 -> throw new ScriptedSqs.Failure(200, "this is no JSON");
                case 3 -> throw ScriptedSqs.Failure.of(403, "RequestThrottled");
                case 4 -> throw new ScriptedSqs.Failure(503, "<html>down</html>");
                case 5 -> answer.putArray("Messages").add(message("alive"));
                default -> answer.putArray("Messages");
            }
            return answer;
        });
        try (SqsConsumer consumer = consumer("orders").build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("alive");
            assertThat(TestSubscriber.get(consumer.healthCheck()).isUp()).isTrue();
        }
    }

    @Test
    void queueThatIsDeleted_endsTheStream_orIsWaitedFor() {
        AtomicInteger call = new AtomicInteger();
        server.script("ReceiveMessage", request -> {
            if (call.getAndIncrement() < 2) {
                throw ScriptedSqs.Failure.of(400, "QueueDoesNotExist");
            }
            ObjectNode answer = ScriptedSqs.JSON.createObjectNode();
            answer.putArray("Messages").add(message("back"));
            return answer;
        });
        try (SqsConsumer consumer = consumer("orders").build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd()).isInstanceOf(DestinationNotFoundException.class);
        }
        try (SqsConsumer consumer =
                consumer("orders").missingQueue(MissingQueue.WAIT).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("back");
        }
    }

    @Test
    void accessIsDeniedToLook_theConsumerWorksAllTheSame() {
        server.script("GetQueueAttributes", request -> {
            throw ScriptedSqs.Failure.of(403, "AccessDeniedException");
        });
        server.deliveries.add(List.of(message("0")));
        try (SqsConsumer consumer = consumer("orders").build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            assertThat(TestSubscriber.get(subscriber.await(1).get(0).ack())).isEqualTo(Settled.DONE);
        }
    }

    private static ObjectNode ofGroup(String group, String body) {
        return message("id-" + body, "receipt-" + body, body, Map.of("MessageGroupId", group));
    }

    @Test
    void group_isGivenOutOneByOne_andAfterAFailureTheRestGoesBack() {
        server.deliveries.add(List.of(
                ofGroup("a", "a1"), ofGroup("a", "a2"), ofGroup("a", "a3"), ofGroup("b", "b1"), ofGroup("b", "b2")));
        try (SqsConsumer consumer = consumer("orders.fifo").build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(20);
            consumer.consume().subscribe(subscriber);
            List<Message> first = List.copyOf(subscriber.await(2));
            assertThat(subscriber.texts()).containsExactly("a1", "b1");
            TestSubscriber.get(first.get(0).ack());
            Message a2 = subscriber.await(3).get(2);
            assertThat(a2.text()).isEqualTo("a2");
            assertThat(a2.key()).isEqualTo("a");
            TestSubscriber.get(a2.nack());
            eventually(() -> assertThat(server.entries("ChangeMessageVisibilityBatch", "ReceiptHandle"))
                    .containsExactly("receipt-a2", "receipt-a3"));
            TestSubscriber.get(first.get(1).ack());
            assertThat(subscriber.await(4).get(3).text()).isEqualTo("b2");

            // a3 was not seen: its second receive is its first attempt. a2 was.
            server.deliveries.add(List.of(again("a", "a2"), again("a", "a3")));
            Message a2again = subscriber.await(5).get(4);
            assertThat(a2again.text()).isEqualTo("a2");
            assertThat(a2again.attempt()).isEqualTo(2);
            TestSubscriber.get(a2again.ack());
            Message a3 = subscriber.await(6).get(5);
            assertThat(a3.text()).isEqualTo("a3");
            assertThat(a3.attempt()).isEqualTo(1);
        }
    }

    private SqsConsumer withShortLeases() {
        return consumer("orders.fifo").visibilityTimeout(Duration.ofSeconds(6)).build();
    }

    private TestSubscriber giveTwoOfAGroup(SqsConsumer consumer) {
        server.deliveries.add(List.of(ofGroup("a", "a1"), ofGroup("a", "a2")));
        TestSubscriber subscriber = TestSubscriber.requesting(20);
        consumer.consume().subscribe(subscriber);
        return subscriber;
    }

    @Test
    void messageThatIsStale_isNotOvertakenByTheRestOfItsGroup() {
        server.script(
                "ChangeMessageVisibilityBatch",
                request -> ScriptedSqs.answer(
                        request,
                        (entry, id) -> entry.get("ReceiptHandle").asText().equals("receipt-a1")
                                        && entry.get("VisibilityTimeout").asInt() > 0
                                ? ScriptedSqs.failed("MessageNotInflight", true)
                                : null));
        try (SqsConsumer consumer = withShortLeases()) {
            TestSubscriber subscriber = giveTwoOfAGroup(consumer);
            Message a1 = subscriber.await(1).get(0);
            eventually(() -> assertThat(a1.isSettled()).isTrue()); // its extension was refused
            eventually(() -> assertThat(released()).contains("receipt-a2"));
            server.deliveries.add(List.of(again("a", "a1"), again("a", "a2")));
            TestSubscriber.get(subscriber.await(2).get(1).ack());
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("a1", "a1", "a2");
        }
    }

    /** Returns the handles of what was made visible again. */
    private List<String> released() {
        return server.requests("ChangeMessageVisibilityBatch").stream()
                .flatMap(request -> StreamSupport.stream(request.get("Entries").spliterator(), false))
                .filter(entry -> entry.get("VisibilityTimeout").asInt() == 0)
                .map(entry -> entry.get("ReceiptHandle").asText())
                .toList();
    }

    @Test
    void rateIsLimited_theSessionGoesOn() {
        AtomicInteger calls = new AtomicInteger();
        server.script("ReceiveMessage", request -> {
            ObjectNode answer = ScriptedSqs.JSON.createObjectNode();
            switch (calls.getAndIncrement()) {
                case 0 -> answer.putArray("Messages").add(message("0"));
                case 1 -> throw ScriptedSqs.Failure.of(400, "RequestThrottled");
                case 2 -> answer.putArray("Messages").add(message("1"));
                default -> answer.putArray("Messages");
            }
            return answer;
        });
        try (SqsConsumer consumer = consumer("orders").build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            Message first = subscriber.await(2).get(0);
            assertThat(TestSubscriber.get(first.ack())).isEqualTo(Settled.DONE);
            assertThat(TestSubscriber.get(consumer.healthCheck()).facts()).containsEntry("throttled-receives", "1");
        }
    }

    private static ObjectNode again(String group, String body) {
        return message(
                "id-" + body,
                "receipt-2-" + body,
                body,
                Map.of("MessageGroupId", group, "ApproximateReceiveCount", "2"));
    }

    @Test
    void whatWaitsBehindASlowMessage_isExtendedWithIt() {
        try (SqsConsumer consumer = withShortLeases()) {
            TestSubscriber subscriber = giveTwoOfAGroup(consumer);
            Message a1 = subscriber.await(1).get(0);
            eventually(() -> assertThat(server.entries("ChangeMessageVisibilityBatch", "ReceiptHandle"))
                    .filteredOn(receipt -> receipt.equals("receipt-a2"))
                    .hasSizeGreaterThan(3));
            TestSubscriber.get(a1.ack());
            Message a2 = subscriber.await(2).get(1);
            assertThat(a2.attempt()).isEqualTo(1);
            assertThat(TestSubscriber.get(a2.ack())).isEqualTo(Settled.DONE);
        }
    }
}
