package io.pythia.http;

import static io.pythia.http.Pollers.CONFIG;
import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** What each component changes, with the real client; proxy and networks are in AddressingTest, TLS in HttpTlsTest. */
class HttpConfigTest {
    private static final ScriptedServer.Script NEW_EACH_TIME =
            (request, exchange) -> exchange.send(200, "" + request.number());

    private static WebhookSenderWorker.Builder webhook(HttpConfig.Builder config, String... urls) {
        return WebhookSenderWorker.builder()
                .webhookUrls(urls)
                .config(config.build())
                .closeTimeout(Duration.ZERO);
    }

    private static HttpConfig.Builder config() {
        return WebhookSenderTest.config().retryDelay(Duration.ofMillis(1));
    }

    private static String fact(WebhookSenderWorker webhook, int url) {
        return TestSubscriber.get(webhook.healthCheck()).facts().get("url-" + url);
    }

    /** Polls on with a configuration, a few times at least. */
    private static int connectionsOfSixPolls(HttpConfig config, Duration interval) {
        try (ScriptedServer server = new ScriptedServer(NEW_EACH_TIME);
                PollerWorker poller = poller(server, "/x")
                        .config(config)
                        .pollInterval(interval)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(6);
            return server.connections();
        }
    }

    @Test
    void timeout_endsARequest() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.awaitHangUp());
                WebhookSenderWorker webhook = webhook(
                                config().timeout(Duration.ofSeconds(2)).maxRetries(0), server.url("/"))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                    .isInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("in time");
        }
    }

    @Test
    void maxRetries_areMade_toAWebhook() {
        for (int retries : new int[] {0, 2}) {
            try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(500, ""));
                    WebhookSenderWorker webhook = webhook(config().maxRetries(retries), server.url("/"))
                            .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                        .isInstanceOf(MessageException.class);
                assertThat(server.requests()).hasSize(retries + 1);
            }
        }
    }

    @Test
    void maxConnections_areSharedByTheUrls() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.awaitHangUp());
                WebhookSenderWorker one =
                        webhook(config().maxConnections(3), server.url("/")).build();
                WebhookSenderWorker two = webhook(config().maxConnections(4), server.url("/1"), server.url("/2"))
                        .build()) {
            for (int i = 0; i < 10; i++) {
                one.send(Message.of("x"));
                two.send(Message.of("x"));
            }
            eventually("three", () -> fact(one, 1).contains("queued 7, running 3"));
            eventually(
                    "two and two",
                    () -> fact(two, 1).contains("queued 8, running 2")
                            && fact(two, 2).contains("queued 8, running 2"));
            eventually("their requests", () -> server.requests().size() == 7);
        }
    }

    @Test
    void maxKeepaliveConnections_areKept() {
        HttpConfig keeping =
                CONFIG.toBuilder().keepaliveExpiry(Duration.ofMinutes(5)).build();
        assertThat(connectionsOfSixPolls(keeping, Duration.ofMillis(20))).isEqualTo(1);
        assertThat(connectionsOfSixPolls(
                        keeping.toBuilder().maxKeepaliveConnections(0).build(), Duration.ofMillis(20)))
                .isGreaterThanOrEqualTo(6);
    }

    @Test
    void keepaliveExpiry_endsAnIdleConnection() {
        try (ScriptedServer server = new ScriptedServer(NEW_EACH_TIME);
                PollerWorker poller = poller(server, "/x")
                        .config(CONFIG.toBuilder()
                                .keepaliveExpiry(Duration.ofMillis(1))
                                .build())
                        .pollInterval(Duration.ofMillis(200))
                        .build()) {
            poller.consume().subscribe(TestSubscriber.acknowledging());
            eventually("new connections", () -> server.connections() >= 3);
        }
    }

    @Test
    void circuitBreaker_canBeSwitchedOff() {
        try (ScriptedServer dead = new ScriptedServer((request, exchange) -> exchange.send(500, ""));
                WebhookSenderWorker webhook = webhook(
                                config().enableCircuitBreaker(false)
                                        .circuitBreakerThreshold(2)
                                        .maxRetries(0),
                                dead.url("/"))
                        .concurrency(1)
                        .build()) {
            List<CompletableFuture<SendResult>> sent = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                sent.add(webhook.send(Message.of("x")));
            }
            sent.forEach(each -> assertThatThrownBy(() -> TestSubscriber.get(each))
                    .hasMessageContaining("500")
                    .hasMessageNotContaining("circuit"));
            assertThat(dead.requests()).hasSize(20);
            assertThat(fact(webhook, 1)).contains("CLOSED");
        }
    }

    @Test
    void circuitBreakerTimeout_lastsAsLongAsItSays_thenATrialClosesTheCircuit() {
        AtomicLong openedAt = new AtomicLong();
        AtomicInteger status = new AtomicInteger(500);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.number() == 2) {
                        openedAt.set(System.nanoTime());
                    }
                    exchange.send(status.get(), "");
                });
                WebhookSenderWorker webhook = webhook(
                                config().circuitBreakerThreshold(2)
                                        .circuitBreakerTimeout(Duration.ofMillis(500))
                                        .maxRetries(0),
                                server.url("/"))
                        .concurrency(1)
                        .build()) {
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                        .hasMessageContaining("500");
            }
            status.set(200);
            eventually(
                    "a trial",
                    () -> !webhook.send(Message.of("x"))
                            .handle((ok, error) -> error != null)
                            .join());
            assertThat(Duration.ofNanos(System.nanoTime() - openedAt.get())).isGreaterThan(Duration.ofMillis(500));
            assertThat(server.requests()).hasSize(3);
            assertThat(fact(webhook, 1)).contains("CLOSED");
        }
    }

    @Test
    void maxResponseBytes_areRead_countedAfterGunzip() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(new byte[2_000]);
        }
        assertThat(packed.size()).isLessThan(1_000);
        for (int size : new int[] {1_000, 1_001}) {
            try (ScriptedServer server =
                            new ScriptedServer((request, exchange) -> exchange.send(200, "x".repeat(size)));
                    PollerWorker poller = poller(server, "/x")
                            .config(CONFIG.toBuilder().maxResponseBytes(1_000).build())
                            .build()) {
                if (size == 1_000) {
                    TestSubscriber.get(poller.connect());
                } else {
                    assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                            .hasMessageContaining("more than 1000 bytes");
                }
            }
        }
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(200, packed.toByteArray(), "Content-Encoding: gzip"));
                PollerWorker poller = poller(server, "/x")
                        .config(CONFIG.toBuilder().maxResponseBytes(1_000).build())
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect())).hasMessageContaining("more than 1000 bytes");
        }
    }

    @Test
    void maxResponseBytes_ofAWebhook_boundWhatItsErrorMaySay_andNotWhetherItWasDelivered() {
        for (int limit : new int[] {10, 1_000}) {
            try (ScriptedServer server = new ScriptedServer(
                            (request, exchange) -> exchange.send(request.number() == 1 ? 400 : 200, "no field x"));
                    WebhookSenderWorker webhook = webhook(
                                    config().maxResponseBytes(limit - 1).maxRetries(0), server.url("/"))
                            .retry(RetryConfig.none())
                            .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                        .satisfies(error -> assertThat(
                                        String.valueOf(error.getMessage()).contains("no field x"))
                                .isEqualTo(limit == 1_000));
                assertThat(TestSubscriber.get(webhook.send(Message.of("x"))).details())
                        .containsValue("200 after 1 attempt");
            }
        }
    }

    @Test
    void retryDelay_isTheLengthOfTheFirstPause() {
        RetrySchedule schedule = RetrySchedule.of(
                HttpConfig.builder().retryDelay(Duration.ofSeconds(7)).build().retry());
        SplittableRandom random = new SplittableRandom(7);
        for (int retry = 1; retry <= 3; retry++) {
            long longest = 7_000L << (retry - 1);
            List<Long> drawn = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                drawn.add(Objects.requireNonNull(schedule.pause(retry, random)).toMillis());
            }
            assertThat(Collections.max(drawn)).isBetween(longest * 9 / 10, longest);
            assertThat(Collections.min(drawn)).isBetween(0L, longest / 10);
        }
        assertThat(schedule.pause(4, random)).isNull();
    }

    @Test
    void valuesThatTheClientCouldNotCount_areRefused() {
        for (Duration bad : List.of(
                Duration.ZERO,
                Duration.ofMillis(-1),
                Duration.ofNanos(1),
                Duration.ofDays(25),
                Duration.ofDays(400_000))) {
            assertThatThrownBy(() -> HttpConfig.builder().timeout(bad).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("timeout");
        }
        assertThatThrownBy(() -> HttpConfig.builder()
                        .keepaliveExpiry(Duration.ofDays(400_000))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("keepaliveExpiry");
        HttpConfig longest = HttpConfig.builder()
                .allowPlainHttp(true)
                .timeout(Duration.ofDays(24))
                .keepaliveExpiry(Duration.ofDays(24))
                .build();
        try (ScriptedServer server = new ScriptedServer(NEW_EACH_TIME);
                PollerWorker poller = poller(server, "/x").config(longest).build()) {
            TestSubscriber.get(poller.connect());
        }
    }
}
