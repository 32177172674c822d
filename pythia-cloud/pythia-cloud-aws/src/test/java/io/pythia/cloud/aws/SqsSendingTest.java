package io.pythia.cloud.aws;

import static io.pythia.cloud.aws.ScriptedSqs.answer;
import static io.pythia.cloud.aws.ScriptedSqs.failed;
import static io.pythia.cloud.aws.ScriptedSqs.sent;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.SendDriver;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire when messages are sent, against a server that fails on purpose. */
class SqsSendingTest {
    private static final String SEND = "SendMessageBatch";

    private final ScriptedSqs server = new ScriptedSqs();

    @AfterEach
    void close() {
        server.close();
    }

    private SqsProducer.Builder producer(String queue) {
        return SqsQueues.producer(server.address(), queue)
                .config(SqsQueues.config().maxRetries(0).build())
                .retry(new RetryConfig(
                        RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(100), true, false));
    }

    private static Message message(String id) {
        return Message.builder().id(id).body("body of " + id).build();
    }

    @Test
    void batch_someFail_onlyTheseAreSentAgain_andEachIsTold() {
        Set<String> failedOnce = ConcurrentHashMap.newKeySet();
        server.script(
                SEND,
                request -> answer(request, (entry, id) -> {
                    String body = entry.get("MessageBody").asText();
                    return switch (body) {
                        case "body of 3", "body of 6" ->
                            failedOnce.add(body) ? failed("InternalError", false) : sent(entry, id);
                        case "body of 8" -> failed("InvalidMessageContents", true);
                        default -> sent(entry, id);
                    };
                }));
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        try (SqsProducer producer = producer("orders").build()) {
            for (int i = 0; i < 10; i++) {
                results.add(producer.send(message(Integer.toString(i))));
            }
            for (int i = 0; i < 10; i++) {
                CompletableFuture<SendResult> result = results.get(i);
                if (i == 8) {
                    assertThatThrownBy(() -> TestSubscriber.get(result))
                            .isInstanceOf(MessageException.class)
                            .hasMessageContaining("InvalidMessageContents");
                } else {
                    assertThat(TestSubscriber.get(result).id()).isEqualTo(Integer.toString(i));
                    assertThat(TestSubscriber.get(result).details()).containsKey("message-id");
                }
            }
        }
        assertThat(server.entries(SEND, "MessageBody"))
                .hasSize(12)
                .filteredOn(body -> body.equals("body of 3") || body.equals("body of 6"))
                .hasSize(4);
        for (JsonNode request : server.requests(SEND)) {
            assertThat(request.get("Entries").findValuesAsText("Id")).doesNotHaveDuplicates();
        }
    }

    @Test
    void messagesSentAtOnce_shareRequestsOfTen() {
        try (SqsProducer producer = producer("orders").build()) {
            TestSubscriber.get(producer.connect());
            List<Message> messages = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                messages.add(message(Integer.toString(i)));
            }
            assertThat(TestSubscriber.get(producer.sendBatch(messages))).hasSize(200);
        }
        assertThat(server.entries(SEND, "MessageBody")).hasSize(200);
        assertThat(server.requests(SEND).size()).isLessThanOrEqualTo(40);
    }

    @Test
    void request_neverHasMoreBytesThanAllowed() {
        try (SqsProducer producer = producer("orders").maxMessageBytes(1_000).build()) {
            TestSubscriber.get(producer.connect());
            List<Message> messages = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                messages.add(Message.of("x".repeat(400)));
            }
            TestSubscriber.get(producer.sendBatch(messages));
            // As base64 it is a third longer, and too long.
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of(new byte[900]))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("maxMessageBytes");
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x".repeat(1_001)))))
                    .isInstanceOf(MessageException.class);
        }
        for (JsonNode request : server.requests(SEND)) {
            assertThat(request.get("Entries").findValuesAsText("MessageBody").stream()
                            .mapToInt(String::length)
                            .sum())
                    .isLessThanOrEqualTo(1_000);
        }
    }

    @Test
    void noAnswer_isUncertain_andSentAgainWithTheSameId() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            if (calls.getAndIncrement() == 0) {
                throw ScriptedSqs.CUT;
            }
            return answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer("orders.fifo").build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.entries(SEND, "MessageDeduplicationId")).containsExactly("one", "one");
    }

    @Test
    void noAnswer_thenARefusal_isUncertain_alsoWhereTheSdkTriesAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            throw calls.getAndIncrement() == 0 ? ScriptedSqs.CUT : ScriptedSqs.Failure.of(403, "AccessDeniedException");
        });
        try (SqsProducer producer = producer("orders")
                .config(SqsQueues.config().maxRetries(3).build())
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(message("one"))))
                    .isInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("AccessDenied");
        }
    }

    @Test
    void delayThatThrowsOrIsNegative_failsItsMessageAlone_andNoDelayIsNotTheQueuesOwn() {
        Map<String, Duration> delays =
                Map.of("late", Duration.ofMillis(1_500), "now", Duration.ZERO, "bad", Duration.ofSeconds(-1));
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        try (SqsProducer producer = producer("orders")
                .delay(message -> {
                    if (message.id().equals("throws")) {
                        throw new IllegalStateException("no idea");
                    }
                    return delays.get(message.id());
                })
                .build()) {
            for (String id : List.of("late", "throws", "now", "bad", "own")) {
                results.add(producer.send(message(id)));
            }
            for (int i : new int[] {0, 2, 4}) {
                TestSubscriber.get(results.get(i));
            }
            assertThatThrownBy(() -> TestSubscriber.get(results.get(1)))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("no idea");
            assertThatThrownBy(() -> TestSubscriber.get(results.get(3)))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("must not be negative");
        }
        Map<String, String> sent = new java.util.TreeMap<>();
        server.requests(SEND)
                .forEach(request -> request.get("Entries")
                        .forEach(entry -> sent.put(
                                entry.get("MessageBody").asText(),
                                entry.path("DelaySeconds").asText())));
        assertThat(sent).isEqualTo(Map.of("body of late", "2", "body of now", "0", "body of own", ""));
    }

    @Test
    void fifo_requestThatFailsForAPassingReason_isRepeatedInItsPlace() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> switch (calls.getAndIncrement()) {
            case 0 -> throw ScriptedSqs.CUT;
            case 1 -> throw ScriptedSqs.Failure.of(500, "InternalError");
            default -> answer(request, ScriptedSqs::sent);
        });
        List<String> ids = IntStream.range(0, 40).mapToObj(Integer::toString).toList();
        try (SqsProducer producer = producer("orders.fifo").build()) {
            TestSubscriber.get(producer.connect());
            TestSubscriber.get(
                    producer.sendBatch(ids.stream().map(SqsSendingTest::message).toList()));
        }
        int repeated = 2 * server.requests(SEND).get(0).get("Entries").size();
        List<String> sent = server.entries(SEND, "MessageDeduplicationId");
        assertThat(sent.subList(repeated, sent.size())).isEqualTo(ids);
    }

    @Test
    void clockThatIsWrong_isCorrectedByTheSdk_andTheRequestMadeAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            if (calls.getAndIncrement() == 0) {
                throw ScriptedSqs.Failure.of(403, "RequestTimeTooSkewed");
            }
            return answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer("orders")
                .config(SqsQueues.config().maxRetries(1).build())
                .retry(RetryConfig.none())
                .build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.requests(SEND)).hasSize(2);
    }

    @Test
    void limitedRate_isASignOfLife_andTroubleOfTheServiceIsNot() throws InterruptedException {
        AwsConfig config =
                SqsQueues.config().maxRetries(0).heartbeat(Duration.ofNanos(1)).build();
        try (SqsProducer producer = producer("orders").config(config).build();
                SendDriver driver = producer.newDriver()) {
            driver.open();
            server.script("GetQueueAttributes", request -> {
                throw ScriptedSqs.Failure.of(400, "RequestThrottled");
            });
            driver.ping();
            server.script("GetQueueAttributes", request -> {
                throw ScriptedSqs.Failure.of(500, "InternalError");
            });
            assertThatThrownBy(driver::ping).isInstanceOf(BrokerException.class);
        }
    }

    @Test
    void fifo_requestIsRepeatedAsOftenAsRetrySays_andNotByTheEngineAsWell() {
        server.script(SEND, request -> {
            throw ScriptedSqs.Failure.of(500, "InternalError");
        });
        RetryConfig twice = new RetryConfig(2, Duration.ofMillis(5), Duration.ofMillis(5), false, false);
        try (SqsProducer producer = producer("orders.fifo").retry(twice).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(message("one"))))
                    .isInstanceOf(UncertainSendException.class);
        }
        assertThat(server.requests(SEND)).hasSize(3);
    }

    @Test
    void fifo_entryThatIsRefused_afterATryThatMayHaveArrived_isUncertain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            if (calls.getAndIncrement() == 0) {
                throw ScriptedSqs.CUT;
            }
            return answer(request, (entry, id) -> failed("InvalidMessageContents", true));
        });
        try (SqsProducer producer = producer("orders.fifo").build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(message("one"))))
                    .isInstanceOf(UncertainSendException.class);
        }
    }

    @Test
    void answerThatCannotBeRead_isUncertain_andSentAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(
                SEND,
                request -> answer(
                        request,
                        (entry, id) ->
                                calls.getAndIncrement() == 0 ? sent(entry, id).without("MessageId") : sent(entry, id)));
        try (SqsProducer producer = producer("orders").build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.entries(SEND, "MessageBody")).hasSize(2);
    }

    @Test
    void noAnswer_untilTheSendTimeout_endsAsUncertain() {
        server.script(SEND, request -> {
            throw ScriptedSqs.Failure.of(500, "InternalError");
        });
        try (SqsProducer producer =
                producer("orders").sendTimeout(Duration.ofSeconds(3)).build()) {
            TestSubscriber.get(producer.connect()); // to open the client takes long, and is not what is limited here
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(message("one"))))
                    .isInstanceOf(UncertainSendException.class);
        }
    }

    @Test
    void entryWithoutAnAnswer_isUncertain_andSentAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            if (calls.getAndIncrement() == 0) {
                return ScriptedSqs.JSON.createObjectNode();
            }
            return answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer("orders").build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.entries(SEND, "MessageBody")).hasSize(2);
    }

    @Test
    void accessIsDenied_isSaidAtOnce() {
        server.script(SEND, request -> {
            throw ScriptedSqs.Failure.of(403, "AccessDeniedException");
        });
        try (SqsProducer producer = producer("orders").build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(message("one"))))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageNotContaining("body of one");
        }
        assertThat(server.requests(SEND)).hasSize(1);
    }

    @Test
    void queueDeletedMeanwhile_isWaitedFor_orMadeAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script(SEND, request -> {
            if (calls.getAndIncrement() < 2) {
                throw ScriptedSqs.Failure.of(400, "QueueDoesNotExist");
            }
            return answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer =
                producer("orders").missingQueue(MissingQueue.WAIT).build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.requests(SEND)).hasSize(3);
    }

    @Test
    void fifo_hasGroupAndDeduplicationId_fromKeyAndId() {
        try (SqsProducer producer = producer("orders.fifo").messageGroup("rest").build()) {
            TestSubscriber.get(producer.send(
                    Message.builder().id("id-1").key("customer-7").body("x").build()));
            TestSubscriber.get(producer.send(
                    Message.builder().id("ü").key("odd key").body("x").build()));
            assertThat(TestSubscriber.get(producer.send(message("id-3"))).details())
                    .containsEntry("sequence-number", "18850");
        }
        assertThat(server.entries(SEND, "MessageGroupId").get(0)).isEqualTo("customer-7");
        assertThat(server.entries(SEND, "MessageGroupId").get(1)).matches("sha256-[0-9a-f]{64}");
        assertThat(server.entries(SEND, "MessageGroupId").get(2)).isEqualTo("rest");
        assertThat(server.entries(SEND, "MessageDeduplicationId").get(0)).isEqualTo("id-1");
        assertThat(server.entries(SEND, "MessageDeduplicationId").get(1)).matches("sha256-[0-9a-f]{64}");
    }

    @Test
    void fifo_withContentBasedDeduplication_sendsNoId() {
        try (SqsProducer producer =
                producer("orders.fifo").contentBasedDeduplication(true).build()) {
            TestSubscriber.get(producer.send(message("id-1")));
        }
        assertThat(server.entries(SEND, "MessageDeduplicationId")).isEmpty();
        assertThat(server.entries(SEND, "MessageGroupId")).containsExactly(SqsMessages.NO_KEY_GROUP);
    }

    @Test
    void fifo_requestsDoNotOvertakeEachOther() {
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server.script(SEND, request -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            Thread.yield();
            underWay.decrementAndGet();
            return answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer("orders.fifo").build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                results.add(producer.send(message(Integer.toString(i))));
            }
            results.forEach(TestSubscriber::get);
        }
        assertThat(most.get()).isEqualTo(1);
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            ids.add(Integer.toString(i));
        }
        assertThat(server.entries(SEND, "MessageDeduplicationId")).containsExactlyElementsOf(ids);
    }

    @Test
    void delayAndAttributes_travel() {
        try (SqsProducer producer = producer("orders")
                .delay(message -> message.text().equals("later") ? Duration.ofMillis(1_500) : null)
                .messageAttribute("type", MessageAttribute.number("5"))
                .messageAttribute("unit", MessageAttribute.string("kg"))
                .build()) {
            TestSubscriber.get(producer.send(Message.of("now")));
            TestSubscriber.get(producer.send(
                    Message.builder().header("unit", "g").body("later").build()));
        }
        JsonNode now = server.requests(SEND).get(0).get("Entries").get(0);
        JsonNode later = server.requests(SEND).get(1).get("Entries").get(0);
        assertThat(now.has("DelaySeconds")).isFalse();
        assertThat(later.get("DelaySeconds").asInt()).isEqualTo(2);
        assertThat(now.at("/MessageAttributes/type/DataType").asText()).isEqualTo("Number");
        assertThat(now.at("/MessageAttributes/unit/StringValue").asText()).isEqualTo("kg");
        assertThat(later.at("/MessageAttributes/unit/StringValue").asText()).isEqualTo("g");
    }

    @Test
    void fixedDelay_isThatOfEveryMessage() {
        try (SqsProducer producer =
                producer("orders").delay(Duration.ofMinutes(2)).build()) {
            TestSubscriber.get(producer.send(message("one")));
        }
        assertThat(server.entries(SEND, "DelaySeconds")).containsExactly("120");
    }
}
