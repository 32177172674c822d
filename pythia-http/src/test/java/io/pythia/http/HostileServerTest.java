package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a server answers: a typed outcome in time, one request, no thread that dies of it, and the next answer counts again. */
class HostileServerTest {
    private static final HttpConfig CONFIG = HttpConfig.builder()
            .allowPlainHttp(true)
            .allowNetworks("loopback")
            .timeout(Duration.ofSeconds(2))
            .maxRetries(0)
            .circuitBreakerThreshold(1_000)
            .build();

    /** Who waits for the end of the limit should not wait long; a busy machine should not bring all others to it. */
    private static HttpConfig config(HostileAnswer answer) {
        return answer.name().matches("SILENT|DRIPPING_.*|ENDLESS_CONTINUE")
                ? CONFIG
                : CONFIG.toBuilder().timeout(Duration.ofSeconds(30)).build();
    }

    private final List<Throwable> uncaught = new CopyOnWriteArrayList<>();
    private Thread.UncaughtExceptionHandler before;

    @BeforeAll
    static void makeTheBomb() {
        HostileAnswer.makeTheBomb();
    }

    @BeforeEach
    void watchThreads() {
        before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> uncaught.add(error));
    }

    @AfterEach
    void noThreadDied() {
        Thread.setDefaultUncaughtExceptionHandler(before);
        assertThat(uncaught).isEmpty();
    }

    private static PollerWorker.Builder poller(ScriptedServer server) {
        return PollerWorker.builder()
                .url(server.url("/feed?key=s3cr3t-in-query"))
                .auth(HttpAuth.apiKey("X-Api-Key", io.pythia.Secret.of("s3cr3t-key")))
                .config(CONFIG)
                .connectTimeout(Duration.ofSeconds(60))
                .jitter(0)
                .pollInterval(Duration.ofMillis(50));
    }

    @ParameterizedTest
    @EnumSource(HostileAnswer.class)
    void poller_failsTyped_afterOneRequest(HostileAnswer answer) {
        try (ScriptedServer server = new ScriptedServer(answer.script);
                PollerWorker poller = poller(server).config(config(answer)).build()) {
            CompletableFuture<Void> connected = poller.connect();
            if (answer.forPoller == null) {
                TestSubscriber.get(connected);
            } else {
                assertThatThrownBy(() -> connected.get(60, TimeUnit.SECONDS))
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .isInstanceOf(answer.forPoller)
                        .hasMessageStartingWith(poller.name())
                        .hasMessageNotContaining("s3cr3t")
                        .hasMessageNotContaining("\n")
                        .satisfies(e -> assertThat(String.valueOf(e.getMessage()))
                                .contains(answer.name().matches("TOO_LARGE|GZIP_BOMB") ? "more than 1048576 bytes" : "")
                                .hasSizeLessThan(1_000));
            }
            assertThat(server.requests()).hasSize(1);
        }
    }

    @ParameterizedTest
    @EnumSource(HostileAnswer.class)
    void webhook_failsTyped_afterOneRequest_andTheNextMessageGoes(HostileAnswer answer) {
        try (ScriptedServer server = new ScriptedServer(answer.script);
                WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                        .webhookUrls(server.url("/s3cr3t-path"))
                        .config(config(answer))
                        .build()) {
            CompletableFuture<SendResult> sent = webhook.send(Message.of("x"));
            if (answer.forWebhook == null) {
                assertThat(TestSubscriber.get(sent).details()).containsValue("200 after 1 attempt");
            } else {
                assertThatThrownBy(() -> sent.get(60, TimeUnit.SECONDS))
                        .cause()
                        .isInstanceOf(answer.forWebhook)
                        .isInstanceOf(DeliveryFailure.class)
                        .hasMessageStartingWith(webhook.name())
                        .hasMessageNotContaining("s3cr3t")
                        .hasMessageNotContaining("\n")
                        .hasMessageNotContaining("\u001b")
                        .satisfies(
                                e -> assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(1_000));
            }
            assertThat(server.requests()).hasSize(1);
            server.script((request, exchange) -> exchange.send(200, ""));
            if (answer == HostileAnswer.GONE
                    || answer.name().matches("TOO_MANY|UNAVAILABLE_FOR_AGES|UNAVAILABLE_TWICE")) {
                return; // that it gets no more for a while is what was asked for
            }
            assertThat(TestSubscriber.get(webhook.send(Message.of("y"))).details())
                    .containsValue("200 after 1 attempt");
        }
    }

    @Test
    void pollerThatRuns_outlivesAllThatMayPass_andLosesNothing() {
        List<HostileAnswer> passing = java.util.Arrays.stream(HostileAnswer.values())
                .filter(answer -> answer.forPoller != null)
                .filter(
                        answer -> !answer.name()
                                .matches(
                                        "UNAUTHORIZED|FORBIDDEN|NOT_FOUND|GONE|BAD_REQUEST|PROXY_LOGIN|MISDIRECTED|TOO_MANY"
                                                + "|UNAVAILABLE_FOR_AGES|UNAVAILABLE_TWICE|MOVED|SEE_OTHER|TEMPORARY|PERMANENT|ODD_STATUS"))
                .toList();
        assertThat(passing).hasSizeGreaterThan(15);
        // Every second answer is hostile; the good ones say one number more.
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    int round = request.number() / 2;
                    if (request.number() % 2 == 1 || round > passing.size()) {
                        exchange.send(200, Integer.toString(round));
                    } else {
                        passing.get(round - 1).script.answer(request, exchange);
                    }
                });
                PollerWorker poller = poller(server).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(Long.MAX_VALUE);
            poller.consume().subscribe(subscriber);
            List<Message> messages = subscriber.await(passing.size() + 1);
            for (int i = 0; i <= passing.size(); i++) {
                assertThat(messages.get(i).text()).isEqualTo(Integer.toString(i));
                // None of the failures in between has made it stale.
                assertThat(TestSubscriber.get(messages.get(i).ack())).isEqualTo(io.pythia.Settled.DONE);
            }
            assertThat(subscriber.hasEnded()).isFalse();
        }
    }

    @Test
    void healthIsDown_fromAFailedPoll_toTheNextGoodOne() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"));
                PollerWorker poller = poller(server).build()) {
            poller.consume().subscribe(TestSubscriber.acknowledging());
            TestSubscriber.get(poller.connect());
            assertThat(TestSubscriber.get(poller.healthCheck()).isUp()).isTrue();
            server.script((request, exchange) -> exchange.send(500, ""));
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> !TestSubscriber.get(poller.healthCheck()).isUp());
            assertThat(TestSubscriber.get(poller.healthCheck()).detail()).contains("500");
            server.script((request, exchange) -> exchange.send(200, "x"));
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> TestSubscriber.get(poller.healthCheck()).isUp());
        }
    }

    @Test
    void connectionThatTheServerClosedAfterReading_givesNoSecondPost() {
        // M10: the first answer keeps the connection, then the server reads the next request and hangs up.
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.number() == 2) {
                        exchange.close();
                    } else {
                        exchange.send(200, "");
                    }
                });
                WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                        .webhookUrls(server.url("/"))
                        .config(CONFIG)
                        .build()) {
            TestSubscriber.get(webhook.send(Message.of("1")));
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("2"))))
                    .isInstanceOf(UncertainSendException.class);
            assertThat(server.requests()).hasSize(2);
        }
    }

    @Test
    void refusedPort_isCertainlyNotSent() {
        try (WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                .webhookUrls("http://127.0.0.1:1/")
                .config(CONFIG)
                .retry(RetryConfig.none())
                .build()) {
            assertThatThrownBy(() -> webhook.send(Message.of("x")).join())
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("not sent")
                    .satisfies(
                            e -> assertThat(((BrokerException) e).isRetryable()).isFalse());
        }
    }
}
