package io.pythia.http;

import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.WebhookSenderTest.config;
import static io.pythia.http.WebhookSenderTest.sender;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.Secret;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What each option of the builder changes. */
class WebhookOptionsTest {
    private static final Duration HOUR = Duration.ofHours(1);

    private static ScriptedServer answering(int status, String... headers) {
        return new ScriptedServer((request, exchange) -> exchange.send(status, "", headers));
    }

    @Test
    void timeout_isThatOfOneAttempt_inPlaceOfTheConfigurations() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.awaitHangUp());
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .config(config().timeout(HOUR).build())
                        .timeout(Duration.ofSeconds(2))
                        .maxRetries(1)
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                    .isInstanceOf(UncertainSendException.class)
                    .hasMessageContaining("after 2 attempts");
            eventually("both", () -> server.requests().size() == 2);
        }
    }

    @Test
    void maxRetries_goBeforeTheConfigurations_andBeforeRetry() {
        try (ScriptedServer server = answering(503);
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .config(config().maxRetries(7)
                                .retryDelay(Duration.ofMillis(1))
                                .build())
                        .retry(RetryConfig.none().withMaxRetries(9))
                        .maxRetries(2)
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                    .hasMessageContaining("after 3 attempts");
            assertThat(server.requests()).hasSize(3);
        }
    }

    @Test
    void schedule_triesAgainWhateverTheFailure() {
        try (ScriptedServer server = answering(404);
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .schedule(RetrySchedule.of(List.of(Duration.ofMillis(1), Duration.ofMillis(2))))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                    .hasMessageContaining("404")
                    .hasMessageContaining("after 3 attempts");
            assertThat(server.requests()).hasSize(3);
        }
    }

    @Test
    void standardSchedule_isThatOfTheSpecification_andTheSendTimeoutReachesToItsEnd() {
        List<Duration> specified = List.of(
                Duration.ofSeconds(5),
                Duration.ofMinutes(5),
                Duration.ofMinutes(30),
                Duration.ofHours(2),
                Duration.ofHours(5),
                Duration.ofHours(10),
                Duration.ofHours(14),
                Duration.ofHours(20),
                Duration.ofHours(24));
        RetrySchedule schedule = RetrySchedule.standard();
        SplittableRandom random = new SplittableRandom(1);
        for (int retry = 1; retry <= specified.size(); retry++) {
            Duration pause = specified.get(retry - 1);
            for (int i = 0; i < 100; i++) {
                assertThat(schedule.pause(retry, random))
                        .isBetween(
                                pause.multipliedBy(9).dividedBy(10),
                                pause.multipliedBy(11).dividedBy(10));
            }
        }
        assertThat(schedule.pause(10, random)).isNull();
        assertThat(schedule.longest(Duration.ofSeconds(15))).isBetween(Duration.ofHours(75), Duration.ofHours(84));
        assertThatThrownBy(() -> RetrySchedule.of(List.of(Duration.ofSeconds(-1))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sendTimeout_endsAllAttempts() {
        try (ScriptedServer server = answering(503);
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .retry(new RetryConfig(
                                RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(20), true, false))
                        .sendTimeout(Duration.ofSeconds(2))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("x"))))
                    .isInstanceOf(io.pythia.BrokerException.class);
            assertThat(server.requests().size()).isBetween(1, 110);
        }
    }

    @Test
    void clock_isThatOfTheSignature() {
        Secret secret = Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        Instant then = Instant.ofEpochSecond(1_614_265_330);
        try (ScriptedServer server = answering(200);
                WebhookSenderWorker webhook =
                        sender(server.url("/")).secret(secret).clock(() -> then).build()) {
            TestSubscriber.get(webhook.send(Message.builder()
                    .id("msg_p5jXN8AQM9LWM0D4loKWxJek")
                    .body("{\"test\": 2432232314}")
                    .build()));
            ScriptedServer.Request request = server.requests().get(0);
            assertThat(request.header("webhook-timestamp")).isEqualTo("1614265330");
            // The specification's own example, over the wire.
            assertThat(request.header("webhook-signature"))
                    .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        }
    }

    @Test
    void maxMessageBytes_areSent_andNotOneMore() {
        try (ScriptedServer server = answering(200);
                WebhookSenderWorker webhook =
                        sender(server.url("/")).maxMessageBytes(10).build()) {
            TestSubscriber.get(webhook.send(Message.of("0123456789")));
            assertThatThrownBy(() -> TestSubscriber.get(webhook.send(Message.of("0123456789a"))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("maxMessageBytes");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void maxRetryAfter_limitsWhatAServerMayAskFor() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.number() == 1) {
                        exchange.send(429, "", "Retry-After: 999999");
                    } else {
                        exchange.send(200, "");
                    }
                });
                WebhookSenderWorker webhook = sender(server.url("/"))
                        .maxRetryAfter(Duration.ofMillis(100))
                        .build()) {
            assertThat(TestSubscriber.get(webhook.send(Message.of("x"))).details())
                    .containsValue("200 after 2 attempts");
        }
    }

    @Test
    void options_thatContradict_areRefused() {
        assertThatThrownBy(() -> WebhookSenderWorker.builder().build()).hasMessageContaining("webhookUrls");
        assertThatThrownBy(() -> WebhookSenderWorker.builder().concurrency(0)).hasMessageContaining("concurrency");
        assertThatThrownBy(() -> WebhookSenderWorker.builder().maxQueued(0)).hasMessageContaining("maxQueued");
        assertThatThrownBy(() -> WebhookSenderWorker.builder().maxMessageBytes(0))
                .hasMessageContaining("maxMessageBytes");
        assertThatThrownBy(() -> WebhookSenderWorker.builder().maxRetryAfter(Duration.ofSeconds(-1)))
                .hasMessageContaining("maxRetryAfter");
    }
}
