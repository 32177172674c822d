package io.pythia.http;

import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.Secret;
import io.pythia.testkit.TestSubscriber;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Credentials: how they are shown, renewed, and refused. */
class PollerAuthTest {
    @Test
    void rotatedToken_isTakenUp_andARefusedOneEndsTheStream() {
        AtomicReference<String> valid = new AtomicReference<>("one");
        AtomicInteger asked = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        ("Bearer " + valid.get()).equals(request.header("authorization")) ? 200 : 401,
                        "" + request.number()));
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.bearer(() -> {
                            asked.incrementAndGet();
                            return Secret.of(valid.get().equals("three") ? "two" : valid.get());
                        }))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(2);
            valid.set("two");
            int before = subscriber.count();
            subscriber.await(before + 3);
            valid.set("three");
            assertThat(subscriber.awaitEnd())
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageNotContaining("two");
        }
    }

    @Test
    void oauthToken_isFetchedOnce_andAgainAfterA401() {
        AtomicInteger tokens = new AtomicInteger();
        AtomicReference<String> revoked = new AtomicReference<>("");
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.target().equals("/token")) {
                        boolean known = HttpAuth.basic("me%3A", "s%26cret").equals(request.header("authorization"))
                                && request.text().equals("grant_type=client_credentials&scope=a+b");
                        exchange.send(
                                known ? 200 : 400,
                                "{\"access_token\":\"t" + tokens.incrementAndGet() + "\",\"expires_in\":3600}");
                    } else {
                        String given = String.valueOf(request.header("authorization"));
                        exchange.send(
                                given.startsWith("Bearer t") && !given.equals(revoked.get()) ? 200 : 401,
                                given + request.number());
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.oauth2(server.url("/token"), "me:", Secret.of("s&cret"), "a b"))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(5);
            assertThat(tokens).hasValue(1);
            revoked.set("Bearer t1");
            int before = subscriber.count();
            subscriber.await(before + 5);
            assertThat(tokens).hasValue(2);
        }
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(400, "{\"error\":\"invalid_client\"}"));
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.oauth2(server.url("/token"), "me", Secret.of("wrong"), null))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageNotContaining("wrong");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"access_token\":\"\"}", "{\"access_token\":\"t\\u00e9\"}"})
    void oauthAnswerWithoutATokenThatCanBeSent_isRefused_asWhatItIs(String answer) {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, answer));
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.oauth2(server.url("/token"), "me", Secret.of("secret"), null))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining("access_token");
        }
    }

    @Test
    void oauthToken_isRenewedBeforeItEnds() {
        AtomicInteger tokens = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.target().equals("/token")) {
                        // The last 30 s are not used: it is good for one.
                        exchange.send(
                                200, "{\"access_token\":\"t" + tokens.incrementAndGet() + "\",\"expires_in\":\"31\"}");
                    } else {
                        exchange.send(200, request.header("authorization") + " " + request.number());
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.oauth2(server.url("/token"), "me", Secret.of("secret"), null))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            eventually("the second token", () -> subscriber.texts().stream().anyMatch(t -> t.startsWith("Bearer t2")));
            assertThat(subscriber.texts().get(0)).startsWith("Bearer t1");
            assertThat(server.requests())
                    .allMatch(request -> !request.target().equals("/x")
                            || String.valueOf(request.header("authorization")).startsWith("Bearer t"));
        }
    }

    @Test
    void passwordsAndKeys_areInTheirHeaders() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"))) {
            for (HttpAuth auth : List.of(
                    HttpAuth.basic("me", Secret.of("pa:ss \u00fc")), HttpAuth.apiKey("X-Key", Secret.of("k3y")))) {
                try (PollerWorker poller = poller(server, "/x").auth(auth).build()) {
                    TestSubscriber.get(poller.connect());
                }
            }
            assertThat(server.requests().get(0).header("authorization")).isEqualTo("Basic bWU6cGE6c3Mgw7w=");
            assertThat(server.requests().get(1).header("x-key")).isEqualTo("k3y");
        }
        assertThatThrownBy(() -> HttpAuth.basic("a:b", Secret.of("x"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HttpAuth.apiKey("Host", Secret.of("x"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void signingFunction_isAskedForEachRequest_andItsHeadersAreChecked() {
        AtomicBoolean bad = new AtomicBoolean();
        try (ScriptedServer server =
                        new ScriptedServer((request, exchange) -> exchange.send(200, "" + request.number()));
                PollerWorker poller = poller(server, "/x?y=z")
                        .auth(HttpAuth.signing(request -> Map.of(
                                "X-Signature",
                                bad.get()
                                        ? "a\r\nb"
                                        : request.method() + " " + request.url() + " " + request.body().length)))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(server.requests().get(1).header("x-signature")).isEqualTo("GET " + server.url("/x?y=z") + " 0");
            bad.set(true);
            assertThat(subscriber.awaitEnd()).isInstanceOf(BrokerException.class);
        }
    }
}
