package io.pythia.http;

import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.first;
import static io.pythia.http.Pollers.items;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The place of a poller: what it asks with, what it stores, and when. */
class PollerTest {
    @TempDir
    private Path folder;

    @Test
    void etag_isSentBack_andStoredOnlyAfterTheAcknowledgement() {
        AtomicReference<String> version = new AtomicReference<>("\"1\"");
        StateStore store = StateStore.file(folder);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            if (version.get().equals(request.header("If-None-Match"))) {
                exchange.send(304, "");
            } else {
                exchange.send(200, "body " + version.get(), "ETag: " + version.get());
            }
        })) {
            // Not acknowledged: comes again.
            try (PollerWorker poller = poller(server, "/x")
                    .stateStore(store)
                    .closeTimeout(Duration.ZERO)
                    .build()) {
                TestSubscriber subscriber = TestSubscriber.requesting(10);
                poller.consume().subscribe(subscriber);
                subscriber.await(1);
                int seen = server.requests().size();
                eventually("more polls", () -> server.requests().size() > seen + 3);
                assertThat(subscriber.count()).isEqualTo(1);
            }
            assertThat(server.requests().get(1).header("If-None-Match")).isEqualTo("\"1\"");
            try (PollerWorker poller = poller(server, "/x").stateStore(store).build()) {
                TestSubscriber subscriber = TestSubscriber.requesting(10);
                poller.consume().subscribe(subscriber);
                Message again = subscriber.await(1).get(0);
                assertThat(again.text()).isEqualTo("body \"1\"");
                assertThat(TestSubscriber.get(again.ack())).isEqualTo(Settled.DONE);
            }
            // Acknowledged: does not, but the next version does.
            int before = server.requests().size();
            try (PollerWorker poller = poller(server, "/x").stateStore(store).build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                poller.consume().subscribe(subscriber);
                eventually("polls", () -> server.requests().size() > before + 2);
                assertThat(server.requests().get(before).header("If-None-Match"))
                        .isEqualTo("\"1\"");
                assertThat(subscriber.count()).isZero();
                version.set("\"2\"");
                assertThat(subscriber.await(1).get(0).text()).isEqualTo("body \"2\"");
            }
        }
    }

    @Test
    void lastModified_isSentBack_andTheSameBodyIsNotNew() {
        AtomicReference<String> body = new AtomicReference<>("a");
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        200, body.get(), "Last-Modified: Fri, 06 Nov 2026 08:49:37 GMT", "ETag: W/\"b\u00ff\""));
                PollerWorker poller = poller(server, "/x").build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(1);
            eventually("polls", () -> server.requests().size() > 5);
            assertThat(subscriber.count()).isEqualTo(1);
            assertThat(server.requests().get(2).header("If-Modified-Since")).startsWith("Fri, 06 Nov");
            assertThat(server.requests().get(2).header("If-None-Match")).isNull();
            body.set("b");
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("a", "b");
        }
    }

    @Test
    void jsonArrayWithIds_afterAnUncleanEnd_onlyWhatWasNotAcknowledgedComesAgain() {
        StateStore store = StateStore.file(folder);
        try (ScriptedServer server = new ScriptedServer((request, exchange) ->
                exchange.send(200, "{\"items\":[{\"id\":1},{\"id\":2},{\"id\":3}],\"at\":" + request.number() + "}"))) {
            try (PollerWorker poller =
                    items(server, store).closeTimeout(Duration.ZERO).build()) {
                TestSubscriber subscriber = TestSubscriber.requesting(10);
                poller.consume().subscribe(subscriber);
                List<Message> messages = subscriber.await(3);
                assertThat(messages.get(1).id()).isEqualTo("2");
                assertThat(messages.get(1).key()).isEqualTo("2");
                assertThat(TestSubscriber.get(messages.get(0).ack())).isEqualTo(Settled.DONE);
                assertThat(TestSubscriber.get(messages.get(2).ack())).isEqualTo(Settled.DONE);
            }
            assertThat(first(1, items(server, store).build())).containsExactly("{\"id\":2}");
            int before = server.requests().size();
            try (PollerWorker poller = items(server, store).build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                poller.consume().subscribe(subscriber);
                eventually("polls", () -> server.requests().size() > before + 3);
                assertThat(subscriber.count()).isZero();
            }
        }
    }

    @Test
    void request_hasMethodBodyHeadersAndParameters_andIsNotConditionalIfItIsNoGet() {
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(200, "same", "ETag: \"1\"", "Content-Type: text/plain"));
                PollerWorker poller = poller(server, "/x?a=b%20c")
                        .method("post")
                        .body("{\"q\":1}")
                        .headers(Map.of("Content-Type", "application/json", "X-Tenant", "t"))
                        .params(Map.of("limit", "1 & 2", "size", 100))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(3); // each answer to a POST is new
            ScriptedServer.Request request = server.requests().get(2);
            assertThat(request.method()).isEqualTo("POST");
            assertThat(request.target()).isEqualTo("/x?a=b%20c&limit=1%20%26%202&size=100");
            assertThat(request.text()).isEqualTo("{\"q\":1}");
            assertThat(request.header("content-type")).isEqualTo("application/json");
            assertThat(request.header("x-tenant")).isEqualTo("t");
            assertThat(request.header("if-none-match")).isNull();
            assertThat(subscriber.messages().get(0).headers().get("content-type"))
                    .isEqualTo("text/plain");
            assertThat(subscriber.messages().get(0).source()).isEqualTo(server.url("/x"));
        }
    }

    @Test
    void nackedMessage_comesAgain_whileTheServerTakesItsTime() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.number() > 1) {
                        exchange.awaitHangUp();
                    } else {
                        exchange.send(200, "x");
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .closeTimeout(Duration.ofMillis(100))
                        .build()) {
            AtomicReference<@Nullable Message> held = new AtomicReference<>();
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (message.attempt() == 1) {
                    held.set(message);
                } else {
                    message.ack();
                }
            });
            poller.consume().subscribe(subscriber);
            eventually("a poll that hangs", () -> server.requests().size() == 2 && held.get() != null);
            java.util.Objects.requireNonNull(held.get()).nack();
            assertThat(subscriber.await(2).get(1).attempt()).isEqualTo(2);
        }
    }

    @Test
    void throttledServer_isNotAskedByANewSessionEither() {
        try (ScriptedServer server =
                        new ScriptedServer((request, exchange) -> exchange.send(429, "", "Retry-After: 600"));
                PollerWorker poller = poller(server, "/x").build()) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> TestSubscriber.get(poller.connect())).isInstanceOf(BrokerException.class);
            }
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void stateThatCannotBeReadOrWritten_isSaid_andTheMessageIsNotForgotten() throws IOException {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"))) {
            StateStore foreign = StateStore.file(folder);
            foreign.save("key", "something else");
            try (PollerWorker poller =
                    poller(server, "/x").stateStore(foreign).stateKey("key").build()) {
                assertThatThrownBy(() -> TestSubscriber.get(poller.connect())).hasMessageContaining("\"key\"");
            }
            AtomicInteger saves = new AtomicInteger();
            StateStore failing = new StateStore() {
                @Override
                public @Nullable String load(String key) throws IOException {
                    if (saves.get() < 0) {
                        throw new IOException("no disk");
                    }
                    return null;
                }

                @Override
                public void save(String key, String state) throws IOException {
                    if (saves.incrementAndGet() < 3) {
                        throw new IOException("no space");
                    }
                }
            };
            try (PollerWorker poller = poller(server, "/x").stateStore(failing).build()) {
                TestSubscriber subscriber = TestSubscriber.requesting(1);
                poller.consume().subscribe(subscriber);
                assertThat(TestSubscriber.get(subscriber.await(1).get(0).ack())).isEqualTo(Settled.DONE);
                assertThat(saves).hasValue(3);
            }
            saves.set(-1);
            try (PollerWorker poller = poller(server, "/x").stateStore(failing).build()) {
                assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                        .isInstanceOf(BrokerConnectionException.class);
            }
        }
    }
}
