package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pythia.BrokerAuthenticationException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a producer makes of the answers of SNS, against a server that refuses on purpose. */
class SnsSendingTest {
    private final List<Map<String, String>> requests = new CopyOnWriteArrayList<>();
    private final Set<String> failedOnce = new HashSet<>();
    private HttpServer server;
    private boolean denies;
    /** How many requests to publish are still to fail. */
    private final AtomicInteger failures = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
        server.createContext("/", this::serve);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private SnsProducer.Builder producer() {
        return SnsTopics.producer("127.0.0.1:" + server.getAddress().getPort(), "orders.fifo")
                .retry(new RetryConfig(
                        RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(100), true, false));
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> form = new TreeMap<>();
            String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            for (String pair : text.split("&")) {
                int equals = pair.indexOf('=');
                form.put(
                        pair.substring(0, equals),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
            String action = form.get("Action");
            if (denies) {
                respond(
                        exchange,
                        403,
                        "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code>"
                                + "<Message>not you</Message></Error></ErrorResponse>");
            } else if (action.equals("PublishBatch")) {
                requests.add(form);
                boolean fails = failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
                respond(exchange, fails ? 500 : 200, fails ? "<ErrorResponse/>" : published(form));
            } else {
                respond(
                        exchange,
                        200,
                        "<" + action + "Response><" + action + "Result><Attributes/></" + action + "Result></" + action
                                + "Response>");
            }
        }
    }

    private String published(Map<String, String> form) {
        StringBuilder ok = new StringBuilder();
        StringBuilder failed = new StringBuilder();
        for (int i = 1; form.containsKey(entry(i) + "Id"); i++) {
            String id = form.get(entry(i) + "Id");
            String text = form.get(entry(i) + "Message");
            if (text.equals("2") && failedOnce.add(text)) {
                failed.append(failure(id, "InternalError", false));
            } else if (text.equals("4")) {
                failed.append(failure(id, "InvalidParameter", true));
            } else {
                ok.append("<member><Id>")
                        .append(id)
                        .append("</Id><MessageId>m-")
                        .append(text)
                        .append("</MessageId></member>");
            }
        }
        return "<PublishBatchResponse><PublishBatchResult><Successful>" + ok + "</Successful><Failed>" + failed
                + "</Failed></PublishBatchResult></PublishBatchResponse>";
    }

    private static String failure(String id, String code, boolean senderFault) {
        return "<member><Id>" + id + "</Id><Code>" + code + "</Code><Message>scripted</Message><SenderFault>"
                + senderFault + "</SenderFault></member>";
    }

    private static String entry(int index) {
        return "PublishBatchRequestEntries.member." + index + ".";
    }

    private static void respond(HttpExchange exchange, int status, String xml) throws IOException {
        byte[] bytes = xml.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/xml");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Test
    void batch_someFail_onlyTheseAreSentAgain_andEachIsTold() {
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        try (SnsProducer producer = producer().subject("s").build()) {
            for (int i = 0; i < 6; i++) {
                results.add(producer.send(Message.builder()
                        .id("id-" + i)
                        .body(Integer.toString(i))
                        .build()));
            }
            for (int i = 0; i < 6; i++) {
                CompletableFuture<SendResult> result = results.get(i);
                if (i == 4) {
                    assertThatThrownBy(() -> TestSubscriber.get(result))
                            .isInstanceOf(MessageException.class)
                            .hasMessageContaining("InvalidParameter");
                } else {
                    assertThat(TestSubscriber.get(result).details()).containsEntry("message-id", "m-" + i);
                }
            }
        }
        List<String> published = requests.stream()
                .flatMap(form -> form.entrySet().stream())
                .filter(each -> each.getKey().endsWith(".Message"))
                .map(Map.Entry::getValue)
                .toList();
        assertThat(published).containsExactlyInAnyOrder("0", "1", "2", "2", "3", "4", "5");
        Map<String, String> first = requests.get(0);
        assertThat(first.get(entry(1) + "Subject")).isEqualTo("s");
        assertThat(first.get(entry(1) + "MessageGroupId")).isEqualTo(SqsMessages.NO_KEY_GROUP);
        assertThat(first.get(entry(1) + "MessageDeduplicationId")).isEqualTo("id-0");
    }

    @Test
    void fifo_requestThatFailsForAPassingReason_isRepeatedInItsPlace() {
        failures.set(2);
        List<String> ids = IntStream.range(0, 40).mapToObj(i -> "id-" + i).toList();
        try (SnsProducer producer = producer().build()) {
            TestSubscriber.get(producer.connect());
            TestSubscriber.get(producer.sendBatch(ids.stream()
                    .map(id -> Message.builder().id(id).body("x").build())
                    .toList()));
        }
        assertThat(ids(requests.get(0))).isEqualTo(ids(requests.get(1)));
        assertThat(requests.stream().skip(2).flatMap(form -> ids(form).stream()))
                .containsExactlyElementsOf(ids);
    }

    private static List<String> ids(Map<String, String> form) {
        return IntStream.iterate(1, i -> form.containsKey(entry(i) + "Id"), i -> i + 1)
                .mapToObj(i -> form.get(entry(i) + "MessageDeduplicationId"))
                .toList();
    }

    @Test
    void jsonStructure_isAskedFor() {
        try (SnsProducer producer = producer().jsonStructure(true).build()) {
            TestSubscriber.get(producer.send(Message.of("{\"default\": \"for all\"}")));
        }
        try (SnsProducer producer = producer().build()) {
            TestSubscriber.get(producer.send(Message.of("plain")));
        }
        assertThat(requests.get(0)).containsEntry(entry(1) + "MessageStructure", "json");
        assertThat(requests.get(1)).doesNotContainKey(entry(1) + "MessageStructure");
    }

    @Test
    void accessIsDenied_isSaidByTheFirstSend() {
        denies = true;
        try (SnsProducer producer = producer().build()) {
            TestSubscriber.get(producer.connect());
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("secret body"))))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining("AuthorizationError")
                    .hasMessageNotContaining("secret body");
        }
    }

    @Test
    void subjectThatSnsWouldRefuse_isRefusedBefore() {
        try (SnsProducer producer = producer().build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.builder()
                            .header(SnsEnvelope.SUBJECT, "two\nlines")
                            .body("x")
                            .build())))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining(SnsEnvelope.SUBJECT);
        }
        assertThat(requests).isEmpty();
    }
}
