package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.Secret;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class WebhookSenderTest {
    private static final Secret SECRET = Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final Secret OTHER = Secret.of("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    static final RetryConfig QUICK = new RetryConfig(3, Duration.ofMillis(20), Duration.ofMillis(100), true, false);

    static HttpConfig.Builder config() {
        return HttpConfig.webhookDefaults().toBuilder().allowPlainHttp(true).allowNetworks("loopback");
    }

    static WebhookSenderWorker.Builder sender(String... urls) {
        return WebhookSenderWorker.builder()
                .webhookUrls(urls)
                .config(config().build())
                .retry(QUICK);
    }

    private static ScriptedServer answering(int status, String... headers) {
        return new ScriptedServer((request, exchange) -> exchange.send(status, "", headers));
    }

    private static Throwable failure(CompletableFuture<?> future) {
        try {
            future.get(60, TimeUnit.SECONDS);
            throw new AssertionError("it succeeded");
        } catch (java.util.concurrent.ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void send_toAGoodUrl_arrivesSignedOnce() {
        try (ScriptedServer server = answering(204);
                WebhookSenderWorker webhook = sender(server.url("/hook?a=b"))
                        .headers(Map.of("X-Tenant", "t1"))
                        .secret(SECRET)
                        .secret(OTHER)
                        .build()) {
            SendResult result = TestSubscriber.get(
                    webhook.send(Message.builder().id("msg-1").body("{\"a\":1}").build()));
            assertThat(result.id()).isEqualTo("msg-1");
            assertThat(result.details()).containsExactly(Map.entry(server.url("/hook?a=b"), "204 after 1 attempt"));
            assertThat(server.requests()).hasSize(1);
            ScriptedServer.Request request = server.requests().get(0);
            assertThat(request.method()).isEqualTo("POST");
            assertThat(request.target()).isEqualTo("/hook?a=b");
            assertThat(request.header("content-type")).isEqualTo("application/json");
            assertThat(request.header("x-tenant")).isEqualTo("t1");
            assertThat(request.header("webhook-id")).isEqualTo("msg-1");
            assertThat(request.text()).isEqualTo("{\"a\":1}");
            for (Secret secret : List.of(SECRET, OTHER)) {
                assertThat(WebhookVerifier.builder().secret(secret).build().verify(request::header, request.body()))
                        .isEqualTo("msg-1");
            }
        }
    }

    @Test
    void failedAttempts_areMadeAgain_withTheSameIdAndNewSignatures() {
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(request.number() <= 3 ? 503 : 200, ""));
                WebhookSenderWorker webhook =
                        sender(server.url("/")).secret(SECRET).build()) {
            SendResult result = TestSubscriber.get(webhook.send(Message.of("x")));
            assertThat(result.details()).containsValue("200 after 4 attempts");
            assertThat(server.requests()).hasSize(4);
            assertThat(server.requests().stream()
                            .map(r -> r.header("webhook-id"))
                            .distinct())
                    .hasSize(1);
            WebhookVerifier verifier = WebhookVerifier.builder().secret(SECRET).build();
            server.requests().forEach(r -> verifier.verify(r::header, r.body()));
        }
    }

    @Test
    void permanentRefusal_isTriedOnce_andSaysWhat() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) ->
                        exchange.send(400, "no field x, you sent Bearer s3cr3t-token", "Content-Type: text/plain"));
                WebhookSenderWorker webhook = sender(server.url("/secret-path"))
                        .headers(Map.of("Authorization", "Bearer s3cr3t-token"))
                        .build()) {
            Throwable error = failure(webhook.send(Message.of("x")));
            assertThat(error)
                    .isInstanceOf(MessageException.class)
                    .isInstanceOf(DeliveryFailure.class)
                    .hasMessageContaining("400")
                    .hasMessageContaining("no field x")
                    .hasMessageNotContaining("s3cr3t")
                    .hasMessageNotContaining("secret-path");
            assertThat(((MessageException) error).isRetryable()).isFalse();
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void redirect_isAFailure_andIsNotFollowed() {
        try (ScriptedServer target = answering(200)) {
            for (int status : new int[] {301, 302, 303, 307, 308}) {
                try (ScriptedServer server = answering(status, "Location: " + target.url("/stolen"));
                        WebhookSenderWorker webhook = sender(server.url("/"))
                                .headers(Map.of("X-Api-Key", "secret"))
                                .build()) {
                    assertThat(failure(webhook.send(Message.of("x"))))
                            .isInstanceOf(MessageException.class)
                            .hasMessageContaining(Integer.toString(status));
                }
            }
            assertThat(target.requests()).isEmpty();
        }
    }

    @Test
    void severalUrls_oneDead_theOthersGetEachOnce_andOnlyTheDeadOneIsTriedAgain() {
        String dead = "http://127.0.0.1:1/dead";
        try (ScriptedServer one = answering(200);
                ScriptedServer two = new ScriptedServer(
                        (request, exchange) -> exchange.send(request.number() == 1 ? 500 : 200, ""));
                WebhookSenderWorker webhook =
                        sender(one.url("/1"), two.url("/2"), dead).build()) {
            Throwable error =
                    failure(webhook.send(Message.builder().id("m").body("x").build()));
            assertThat(error).isInstanceOf(UncertainSendException.class).isInstanceOf(DeliveryFailure.class);
            Map<String, String> results = ((DeliveryFailure) error).results();
            assertThat(results.keySet()).containsExactly(one.url("/1"), two.url("/2"), dead);
            assertThat(results.get(one.url("/1"))).isEqualTo("200 after 1 attempt");
            assertThat(results.get(two.url("/2"))).isEqualTo("200 after 2 attempts");
            assertThat(results.get(dead)).contains("not sent").contains("after 4 attempts");
            assertThat(one.requests()).hasSize(1);
            assertThat(two.requests()).hasSize(2);
            assertThat(TestSubscriber.get(webhook.healthCheck()).facts().get("url-3"))
                    .contains("failed 1");
        }
    }

    @Test
    void deadUrl_opensItsCircuit_andIsLeftAlone() {
        try (ScriptedServer dead = answering(500);
                ScriptedServer good = answering(200);
                WebhookSenderWorker webhook = sender(dead.url("/"), good.url("/"))
                        .config(config().circuitBreakerThreshold(5).build())
                        .concurrency(1)
                        .retry(RetryConfig.none())
                        .build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                results.add(webhook.send(Message.of("x")));
            }
            results.forEach(result -> assertThat(failure(result)).isInstanceOf(UncertainSendException.class));
            assertThat(dead.requests()).hasSize(5);
            assertThat(good.requests()).hasSize(50);
            assertThat(((DeliveryFailure) failure(results.get(49))).results().get(dead.url("/")))
                    .contains("circuit is open");
            assertThat(TestSubscriber.get(webhook.healthCheck()).facts().get("url-1"))
                    .contains("OPEN");
            assertThat(TestSubscriber.get(webhook.healthCheck()).isUp()).isTrue();
        }
    }

    @Test
    void gone_disablesTheUrl() {
        try (ScriptedServer server = answering(410);
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .schedule(RetrySchedule.standard())
                        .build()) {
            assertThat(failure(webhook.send(Message.of("x")))).hasMessageContaining("410");
            assertThat(failure(webhook.send(Message.of("y")))).hasMessageContaining("disabled");
            assertThat(server.requests()).hasSize(1);
            assertThat(TestSubscriber.get(webhook.healthCheck()).status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    void retryAfter_isKept_forAllMessagesToThatUrl() {
        List<Long> times = new java.util.concurrent.CopyOnWriteArrayList<>();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    times.add(System.nanoTime());
                    if (request.number() == 1) {
                        exchange.send(429, "", "Retry-After: 2");
                    } else {
                        exchange.send(200, "");
                    }
                });
                WebhookSenderWorker webhook =
                        sender(server.url("/")).concurrency(1).build()) {
            CompletableFuture<SendResult> first = webhook.send(Message.of("1"));
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> times.size() >= 1);
            CompletableFuture<SendResult> second = webhook.send(Message.of("2"));
            TestSubscriber.get(first);
            TestSubscriber.get(second);
            assertThat(times).hasSize(3);
            assertThat(Duration.ofNanos(times.get(1) - times.get(0))).isGreaterThanOrEqualTo(Duration.ofMillis(1_800));
        }
    }

    @Test
    void retryAfterBeyondTheSendTimeout_endsAtOnce() {
        try (ScriptedServer server = answering(503, "Retry-After: 99999999999");
                WebhookSenderWorker webhook = sender(server.url("/")).build()) {
            assertThat(failure(webhook.send(Message.of("x"))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("send timeout");
            assertThat(server.requests()).hasSize(1);
        }
    }

    /** One that waits behind a pause that the server wants, or behind a request that hangs, was never requested: nobody has it. */
    @Test
    void whatStillWaitsAtTheSendTimeout_wasCertainlyNotSent() {
        for (boolean hangs : new boolean[] {false, true}) {
            CountDownLatch reached = new CountDownLatch(1);
            try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                        reached.countDown();
                        if (hangs) {
                            exchange.awaitHangUp();
                        } else {
                            exchange.send(429, "", "Retry-After: 60");
                        }
                    });
                    WebhookSenderWorker webhook = sender(server.url("/"))
                            .concurrency(1)
                            .sendTimeout(Duration.ofSeconds(3))
                            .build()) {
                CompletableFuture<SendResult> first = webhook.send(Message.of("1"));
                Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> reached.getCount() == 0);
                Throwable error = failure(webhook.send(Message.of("2")));
                assertThat(error)
                        .isInstanceOf(MessageException.class)
                        .isInstanceOf(DeliveryFailure.class)
                        .hasMessageContaining("send timeout");
                assertThat(failure(first)).isNotNull();
                assertThat(server.requests()).hasSize(1);
            }
        }
    }

    @Test
    void noAnswer_isUncertain_andNotSentAgainByTheClientItself() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.reset());
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .retry(RetryConfig.none())
                        .maxRetries(0)
                        .build()) {
            assertThat(failure(webhook.send(Message.of("x"))))
                    .isInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("no answer");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void idThatCannotBeSigned_isReplacedByOneMadeOfIt() {
        try (ScriptedServer server = answering(200);
                WebhookSenderWorker webhook =
                        sender(server.url("/")).secret(SECRET).build()) {
            for (String id : List.of("orders.v1-0-7", "orders.v1-0-7", "ü\r\nX: y")) {
                TestSubscriber.get(
                        webhook.send(Message.builder().id(id).body("x").build()));
            }
            List<String> ids =
                    server.requests().stream().map(r -> r.header("webhook-id")).toList();
            assertThat(ids.get(0)).startsWith("msg_").isEqualTo(ids.get(1)).isNotEqualTo(ids.get(2));
            assertThat(server.requests()).allMatch(r -> r.header("x") == null);
        }
    }

    @Test
    void messageHeaders_travelOnlyFromTheList_andAreChecked() {
        try (ScriptedServer server = answering(200);
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .messageHeaders(Set.of("event-type", "content-type"))
                        .build()) {
            TestSubscriber.get(webhook.send(Message.builder()
                    .header("event-type", "order")
                    .header("authorization", "Bearer x")
                    .header("content-type", "text/plain")
                    .body("x")
                    .build()));
            assertThat(server.requests().get(0).header("event-type")).isEqualTo("order");
            assertThat(server.requests().get(0).header("content-type")).isEqualTo("text/plain");
            assertThat(server.requests().get(0).header("authorization")).isNull();
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.builder()
                            .header("event-type", "a\r\nX-Admin: secret-value")
                            .body("x")
                            .build())))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("event-type")
                    .hasMessageNotContaining("secret-value");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void close_whileRequestsHang_endsAll_andLeavesNoThread() {
        CountDownLatch reached = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            reached.countDown();
            exchange.awaitHangUp();
        })) {
            WebhookSenderWorker webhook = sender(server.url("/"))
                    .closeTimeout(Duration.ofMillis(300))
                    .concurrency(2)
                    .build();
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                results.add(webhook.send(Message.of("x")));
            }
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> reached.getCount() == 0);
            webhook.close();
            assertThat(results).allMatch(CompletableFuture::isCompletedExceptionally);
            Map<String, Long> kinds = results.stream()
                    .map(result -> failure(result).getClass().getSimpleName())
                    .collect(Collectors.groupingBy(name -> name, Collectors.counting()));
            assertThat(kinds.get("Partial")).isLessThanOrEqualTo(2);
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(
                                    Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
                            .noneMatch(name -> name.startsWith("pythia-" + webhook.name())));
        }
    }

    @Test
    void queueOfADeadUrl_isBounded_andTheOthersGoOn() {
        AtomicInteger taken = new AtomicInteger();
        try (ScriptedServer dead = new ScriptedServer((request, exchange) -> exchange.awaitHangUp());
                ScriptedServer good = new ScriptedServer((request, exchange) -> {
                    taken.incrementAndGet();
                    exchange.send(200, "");
                });
                WebhookSenderWorker webhook = sender(dead.url("/"), good.url("/"))
                        .maxQueued(10)
                        .concurrency(2)
                        .closeTimeout(Duration.ofMillis(100))
                        .build()) {
            for (int i = 0; i < 50; i++) {
                webhook.send(Message.of("x"));
                int sent = i + 1;
                Awaitility.await()
                        .atMost(60, TimeUnit.SECONDS)
                        .pollInterval(1, TimeUnit.MILLISECONDS)
                        .until(() -> taken.get() == sent);
            }
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> TestSubscriber.get(webhook.healthCheck())
                            .facts()
                            .get("url-1")
                            .contains("queued 10, running 2"));
        }
    }
}
