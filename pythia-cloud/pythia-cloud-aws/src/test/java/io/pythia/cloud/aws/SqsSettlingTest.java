package io.pythia.cloud.aws;

import static io.pythia.cloud.aws.ScriptedSqs.answer;
import static io.pythia.cloud.aws.ScriptedSqs.failed;
import static io.pythia.cloud.aws.ScriptedSqs.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire when messages are settled, against a server that fails on purpose. */
class SqsSettlingTest {
    private final ScriptedSqs server = new ScriptedSqs();

    @AfterEach
    void close() {
        server.close();
    }

    private SqsConsumer.Builder consumer() {
        return SqsQueues.consumer(server.address(), "orders").closeTimeout(Duration.ofSeconds(2));
    }

    private static List<ObjectNode> messages(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> message(Integer.toString(i)))
                .toList();
    }

    private static <T> T get(CompletableFuture<T> future) {
        return TestSubscriber.get(future);
    }

    private static void eventually(Runnable check) {
        await().atMost(60, TimeUnit.SECONDS).untilAsserted(check::run);
    }

    @Test
    void deleteBatch_someFail_onlyTheseAreTriedAgain_byTheirOwnReceipts() {
        Set<String> failedOnce = ConcurrentHashMap.newKeySet();
        server.script(
                "DeleteMessageBatch",
                request -> answer(request, (entry, id) -> {
                    String receipt = entry.get("ReceiptHandle").asText();
                    return switch (receipt) {
                        case "receipt-2", "receipt-5" ->
                            failedOnce.add(receipt) ? failed("InternalError", false) : null;
                        case "receipt-7" -> failed("ReceiptHandleIsInvalid", true);
                        default -> null;
                    };
                }));
        server.deliveries.add(messages(10));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            List<CompletableFuture<Settled>> acks =
                    subscriber.await(10).stream().map(Message::ack).toList();
            List<Settled> results = acks.stream().map(SqsSettlingTest::get).toList();
            for (int i = 0; i < 10; i++) {
                assertThat(results.get(i)).isEqualTo(i == 7 ? Settled.STALE : Settled.DONE);
            }
        }
        List<String> deleted = server.entries("DeleteMessageBatch", "ReceiptHandle");
        assertThat(deleted).hasSize(12);
        for (int i = 0; i < 10; i++) {
            int number = i;
            assertThat(deleted)
                    .filteredOn(receipt -> receipt.equals("receipt-" + number))
                    .hasSize(i == 2 || i == 5 ? 2 : 1);
        }
        assertDistinctIds("DeleteMessageBatch");
    }

    /** What a batch says nothing about may not have been done. */
    @Test
    void answerThatLeavesAMessageOut_isNoSuccess_itIsTriedAgain() {
        leaveOutOnce("DeleteMessageBatch", "receipt-1");
        leaveOutOnce("ChangeMessageVisibilityBatch", "receipt-2");
        server.deliveries.add(messages(4));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(4);
            consumer.consume().subscribe(subscriber);
            List<Message> received = subscriber.await(4);
            List<CompletableFuture<Settled>> settled = List.of(
                    received.get(0).ack(),
                    received.get(1).ack(),
                    received.get(2).nack(),
                    received.get(3).nack());
            settled.forEach(each -> assertThat(get(each)).isEqualTo(Settled.DONE));
        }
        assertThat(server.entries("DeleteMessageBatch", "ReceiptHandle"))
                .containsExactlyInAnyOrder("receipt-0", "receipt-1", "receipt-1");
        assertThat(server.entries("ChangeMessageVisibilityBatch", "ReceiptHandle"))
                .containsExactlyInAnyOrder("receipt-2", "receipt-2", "receipt-3");
    }

    private void leaveOutOnce(String action, String receipt) {
        AtomicInteger times = new AtomicInteger();
        server.script(action, request -> {
            JsonNode answer = answer(request, (entry, id) -> null);
            for (JsonNode entry : request.get("Entries")) {
                if (entry.get("ReceiptHandle").asText().equals(receipt) && times.getAndIncrement() == 0) {
                    String id = entry.get("Id").asText();
                    ((ArrayNode) answer.get("Successful"))
                            .removeIf(each -> each.get("Id").asText().equals(id));
                }
            }
            return answer;
        });
    }

    private void assertDistinctIds(String action) {
        for (JsonNode request : server.requests(action)) {
            assertThat(request.get("Entries").findValuesAsText("Id"))
                    .doesNotHaveDuplicates()
                    .hasSizeLessThanOrEqualTo(10);
        }
    }

    @Test
    void deleteFails_andTheMessageComesAgain_itIsDeletedByItsLatestReceipt_andNotGivenOut() {
        CountDownLatch redelivered = new CountDownLatch(1);
        server.script(
                "DeleteMessageBatch",
                request -> answer(request, (entry, id) -> {
                    if (entry.get("ReceiptHandle").asText().equals("old")) {
                        server.deliveries.add(
                                List.of(message("same", "new", "x", Map.of("ApproximateReceiveCount", "2"))));
                        redelivered.countDown();
                        return failed("InternalError", false);
                    }
                    return null;
                }));
        server.deliveries.add(List.of(message("same", "old", "x", Map.of())));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(5);
            consumer.consume().subscribe(subscriber);
            assertThat(get(subscriber.await(1).get(0).ack())).isEqualTo(Settled.DONE);
            List<String> receipts = server.entries("DeleteMessageBatch", "ReceiptHandle");
            assertThat(receipts).startsWith("old").endsWith("new");
            server.deliveries.add(messages(1));
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("x", "0");
        }
    }

    /** The deletion by the first receipt always fails, that by another one as is said; returns when that was asked for. */
    private TestSubscriber giveUpADeletion(SqsConsumer consumer, @Nullable ObjectNode later) {
        server.script(
                "DeleteMessageBatch",
                request -> answer(
                        request,
                        (entry, id) -> entry.get("ReceiptHandle").asText().equals("old")
                                ? failed("InternalError", false)
                                : later == null ? null : later.deepCopy()));
        server.deliveries.add(List.of(message("same", "old", "x", Map.of())));
        TestSubscriber subscriber = TestSubscriber.requesting(5);
        consumer.consume().subscribe(subscriber);
        CompletableFuture<Settled> ack = subscriber.await(1).get(0).ack();
        assertThatThrownBy(() -> get(ack)).isInstanceOf(BrokerException.class);
        server.deliveries.add(List.of(message("same", "new", "x", Map.of("ApproximateReceiveCount", "2"))));
        eventually(() -> assertThat(server.entries("DeleteMessageBatch", "ReceiptHandle"))
                .endsWith("new"));
        return subscriber;
    }

    @Test
    void deletionThatWasGivenUp_isMadeWhenTheMessageComesAgain() {
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = giveUpADeletion(consumer, null);
            server.deliveries.add(messages(1));
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("x", "0");
        }
    }

    @Test
    void deletionThatWasGivenUp_andIsRefusedThen_letsTheMessageBeGivenOut() {
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = giveUpADeletion(consumer, failed("AccessDenied", true));
            for (int receives = 3; subscriber.count() < 2; receives++) {
                server.deliveries.add(List.of(
                        message("same", "h" + receives, "x", Map.of("ApproximateReceiveCount", "" + receives))));
                eventually(() -> assertThat(server.deliveries).isEmpty());
            }
            assertThat(subscriber.texts()).startsWith("x", "x");
        }
    }

    @Test
    void messageComesAgainWhileTheApplicationHasIt_theFirstIsStale_andTheSecondIsDeleted() {
        server.deliveries.add(List.of(message("same", "old", "x", Map.of())));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(5);
            consumer.consume().subscribe(subscriber);
            Message first = subscriber.await(1).get(0);
            server.deliveries.add(List.of(message("same", "new", "x", Map.of("ApproximateReceiveCount", "2"))));
            Message second = subscriber.await(2).get(1);
            assertThat(second.attempt()).isEqualTo(2);
            assertThat(first.isSettled()).isTrue();
            assertThat(get(first.ack())).isEqualTo(Settled.STALE);
            assertThat(get(second.ack())).isEqualTo(Settled.DONE);
        }
        assertThat(server.entries("DeleteMessageBatch", "ReceiptHandle")).containsExactly("new");
    }

    @Test
    void ackAfterTheVisibilityHasEnded_isStale_andDeletesNothing() {
        server.deliveries.add(messages(1));
        try (SqsConsumer consumer = consumer()
                .visibilityTimeout(Duration.ofSeconds(1))
                .maxLease(Duration.ZERO)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            eventually(() -> assertThat(message.isSettled()).isTrue());
            assertThat(get(message.ack())).isEqualTo(Settled.STALE);
        }
        assertThat(server.requests("DeleteMessageBatch")).isEmpty();
    }

    @Test
    void unsettledMessage_isExtended_andWhenThatIsRefusedItIsStale() {
        CountDownLatch extended = new CountDownLatch(2);
        server.script(
                "ChangeMessageVisibilityBatch",
                request -> answer(request, (entry, id) -> {
                    extended.countDown();
                    return extended.getCount() == 0 ? failed("MessageNotInflight", true) : null;
                }));
        server.deliveries.add(messages(1));
        try (SqsConsumer consumer =
                consumer().visibilityTimeout(Duration.ofSeconds(6)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            eventually(() -> assertThat(message.isSettled()).isTrue());
            assertThat(get(message.ack())).isEqualTo(Settled.STALE);
        }
        assertThat(server.entries("ChangeMessageVisibilityBatch", "VisibilityTimeout")
                        .subList(0, 2))
                .containsExactly("6", "6");
        assertThat(server.requests("DeleteMessageBatch")).isEmpty();
    }

    @Test
    void nackWithDelay_changesTheVisibility_toWholeSecondsRoundedUp() {
        server.deliveries.add(messages(2));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            List<Message> received = subscriber.await(2);
            assertThat(get(received.get(0).nack())).isEqualTo(Settled.DONE);
            assertThat(get(received.get(1).nack(Duration.ofMillis(4_100)))).isEqualTo(Settled.DONE);
            assertThat(received.get(1).isSettled()).isTrue();
        }
        assertThat(server.entries("ChangeMessageVisibilityBatch", "VisibilityTimeout"))
                .containsExactly("0", "5");
    }

    @Test
    void refusalThatIsNoFaultOfTheReceipt_isTold() {
        server.script("DeleteMessageBatch", request -> answer(request, (entry, id) -> failed("AccessDenied", true)));
        server.deliveries.add(messages(1));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            assertThatThrownBy(() -> get(subscriber.await(1).get(0).ack()))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("AccessDenied")
                    .hasMessageContaining("polic");
        }
        assertThat(server.requests("DeleteMessageBatch")).hasSize(1);
    }

    @Test
    void messageWhoseDeletionIsRefused_isGivenOutWhenItComesAgain() {
        server.script("DeleteMessageBatch", request -> {
            throw ScriptedSqs.Failure.of(403, "AccessDeniedException");
        });
        server.deliveries.add(messages(1));
        try (SqsConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            CompletableFuture<Settled> ack = subscriber.await(1).get(0).ack();
            assertThatThrownBy(() -> get(ack)).isInstanceOf(BrokerException.class);
            server.deliveries.add(messages(1));
            assertThat(subscriber.await(2).get(1).id())
                    .isEqualTo(subscriber.messages().get(0).id());
        }
    }

    @Test
    void close_releasesWhatIsUnsettled_andWhatAPollBringsMeanwhile() throws InterruptedException {
        CountDownLatch polling = new CountDownLatch(2);
        CountDownLatch closing = new CountDownLatch(1);
        server.script("ReceiveMessage", request -> {
            polling.countDown();
            ObjectNode answer = ScriptedSqs.JSON.createObjectNode();
            if (polling.getCount() == 1) {
                answer.putArray("Messages").add(message("early"));
                return answer;
            }
            awaitLatch(closing);
            answer.putArray("Messages").add(message("late"));
            return answer;
        });
        SqsConsumer consumer = consumer().build();
        TestSubscriber subscriber = TestSubscriber.requesting(10);
        consumer.consume().subscribe(subscriber);
        subscriber.await(1);
        assertThat(polling.await(60, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<Void> closed = consumer.disconnect();
        closing.countDown();
        get(closed);
        eventually(() -> assertThat(server.entries("ChangeMessageVisibilityBatch", "ReceiptHandle"))
                .contains("receipt-early", "receipt-late"));
        assertThat(server.entries("ChangeMessageVisibilityBatch", "VisibilityTimeout"))
                .containsOnly("0");
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw ScriptedSqs.CUT;
        }
    }

    @Test
    void acks_shareARequest_withinTheirPause() {
        server.deliveries.add(messages(10));
        try (SqsConsumer consumer = consumer().ackPause(Duration.ofSeconds(30)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            List<CompletableFuture<Settled>> acks = new ArrayList<>();
            for (Message message : subscriber.await(10)) {
                acks.add(message.ack());
            }
            acks.forEach(SqsSettlingTest::get);
        }
        assertThat(server.requests("DeleteMessageBatch").size()).isLessThanOrEqualTo(2);
    }

    @Test
    void ackOfTheOnlyMessage_doesNotWait() {
        server.deliveries.add(messages(1));
        try (SqsConsumer consumer = consumer().ackPause(Duration.ofHours(1)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            assertThat(get(subscriber.await(1).get(0).ack())).isEqualTo(Settled.DONE);
        }
    }

    @Test
    void fifo_deletionsDoNotOvertakeEachOther() {
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server.script("DeleteMessageBatch", request -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            LockSupport.parkNanos(20_000_000); // a round trip
            underWay.decrementAndGet();
            return answer(request, (entry, id) -> null);
        });
        int count = 40;
        for (int i = 0; i < count; i += 10) {
            server.deliveries.add(IntStream.range(i, i + 10)
                    .mapToObj(n -> message("id-" + n, "receipt-" + n, "x", Map.of("MessageGroupId", "group-" + n)))
                    .toList());
        }
        try (SqsConsumer consumer = SqsQueues.consumer(server.address(), "orders.fifo")
                .closeTimeout(Duration.ofSeconds(2))
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(count);
            consumer.consume().subscribe(subscriber);
            List<CompletableFuture<Settled>> acks =
                    subscriber.await(count).stream().map(Message::ack).toList();
            acks.forEach(SqsSettlingTest::get);
        }
        assertThat(most.get()).isEqualTo(1);
    }
}
