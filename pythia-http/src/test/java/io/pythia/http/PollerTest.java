package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.FirstRun;
import io.pythia.Message;
import io.pythia.RejectPolicy;
import io.pythia.Secret;
import io.pythia.Settled;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PollerTest {
    static final HttpConfig CONFIG = HttpConfig.builder()
            .allowPlainHttp(true)
            .retryDelay(Duration.ofMillis(20))
            .circuitBreakerTimeout(Duration.ofMillis(200))
            .build();

    @TempDir
    private Path folder;

    private static PollerWorker.Builder poller(ScriptedServer server, String target) {
        return PollerWorker.builder()
                .url(server.url(target))
                .config(CONFIG)
                .jitter(0)
                .pollInterval(Duration.ofMillis(20));
    }

    /** What a poller makes of the first messages, each acknowledged. */
    private static List<String> first(int count, PollerWorker poller) {
        try (poller) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(count);
            return subscriber.texts();
        }
    }

    private static void eventually(String what, java.util.concurrent.Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(60, TimeUnit.SECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(condition);
    }

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

    private static PollerWorker.Builder items(ScriptedServer server, StateStore store) {
        return poller(server, "/x?y=z")
                .extract(Extraction.jsonArray("/items"))
                .itemId("/id")
                .itemKey("/id")
                .stateStore(store);
    }

    @Test
    void linkPages_areReadToTheEnd_andAgainWhenTheFirstHasChanged() {
        AtomicReference<String> version = new AtomicReference<>("1");
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    int page = request.target().contains("page=")
                            ? request.target().charAt(request.target().length() - 1) - '0'
                            : 1;
                    String etag = "\"" + page + "v" + version.get() + "\"";
                    if (etag.equals(request.header("If-None-Match"))) {
                        exchange.send(304, "");
                        return;
                    }
                    String body = "[\"" + page + "a\",\"" + page + "v" + version.get() + "\"]";
                    if (page < 3) {
                        exchange.send(
                                200,
                                body,
                                "ETag: " + etag,
                                "Link: </other>; rel=prev, </x?page=" + (page + 1)
                                        + ">; title=\"a,b\"; rel=\"next last\"");
                    } else {
                        exchange.send(200, body, "ETag: " + etag);
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .extract(Extraction.custom(response -> {
                            List<PollItem> items = new ArrayList<>();
                            for (String text : response.body().length == 0
                                    ? new String[0]
                                    : new String(response.body(), StandardCharsets.UTF_8)
                                            .replaceAll("[\\[\\]\"]", "")
                                            .split(",")) {
                                items.add(PollItem.of(text, text));
                            }
                            return items;
                        }))
                        .pagination(Pagination.link())
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(6);
            int before = server.requests().size();
            eventually("polls", () -> server.requests().size() > before + 3);
            assertThat(subscriber.texts()).containsExactly("1a", "1v1", "2a", "2v1", "3a", "3v1");
            // Only the first page was asked for, and it had not changed.
            assertThat(server.requests().subList(3, server.requests().size()))
                    .allMatch(r -> r.target().equals("/x") && "\"1v1\"".equals(r.header("If-None-Match")));
            version.set("2");
            subscriber.await(9);
            assertThat(subscriber.texts().subList(6, 9)).containsExactly("1v2", "2v2", "3v2");
        }
    }

    @Test
    void tokensAndNumbers_leadThroughThePages() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            String target = request.target();
            int page = target.matches(".*(token|p)=\\d+")
                    ? Integer.parseInt(target.substring(target.lastIndexOf('=') + 1))
                    : 0;
            String next = page < 2 ? "\"next\":\"" + (page + 1) + "\"," : page == 2 ? "\"next\":null," : "";
            exchange.send(200, "{" + next + "\"items\":[" + (page < 3 ? "{\"id\":\"i" + page + "\"}" : "") + "]}");
        })) {
            assertThat(first(
                            3,
                            items(server, StateStore.memory())
                                    .pagination(Pagination.pageToken("/next", "token"))
                                    .build()))
                    .containsExactly("{\"id\":\"i0\"}", "{\"id\":\"i1\"}", "{\"id\":\"i2\"}");
            assertThat(first(
                            3,
                            items(server, StateStore.memory())
                                    .pagination(Pagination.page("p", 0))
                                    .build()))
                    .containsExactly("{\"id\":\"i0\"}", "{\"id\":\"i1\"}", "{\"id\":\"i2\"}");
        }
    }

    @Test
    void maxPages_pausesTheRound_andLosesNothing() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            String target = request.target();
            int page = target.contains("p=") ? Integer.parseInt(target.substring(target.lastIndexOf('=') + 1)) : 1;
            exchange.send(200, "{\"items\":[" + (page <= 7 ? "{\"id\":" + page + "}" : "") + "]}");
        })) {
            assertThat(first(
                            7,
                            items(server, StateStore.memory())
                                    .pagination(Pagination.page("p", 1))
                                    .maxPages(2)
                                    .build()))
                    .containsExactly(
                            "{\"id\":1}",
                            "{\"id\":2}",
                            "{\"id\":3}",
                            "{\"id\":4}",
                            "{\"id\":5}",
                            "{\"id\":6}",
                            "{\"id\":7}");
        }
    }

    @Test
    void offset_goesOnWhereItWas_alsoInANewProcess() {
        List<String> entries = new CopyOnWriteArrayList<>(List.of("\"a\"", "\"b\"", "\"c\""));
        StateStore store = StateStore.file(folder);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            String target = request.target();
            int from = target.contains("offset=") ? Integer.parseInt(target.substring(target.lastIndexOf('=') + 1)) : 0;
            exchange.send(
                    200,
                    entries.subList(from, Math.min(from + 2, entries.size())).toString());
        })) {
            for (String more : List.of("", "\"d\"")) {
                if (!more.isEmpty()) {
                    entries.add(more);
                }
                PollerWorker poller = poller(server, "/x")
                        .extract(Extraction.jsonArray(""))
                        .pagination(Pagination.offset("offset"))
                        .stateStore(store)
                        .build();
                assertThat(first(more.isEmpty() ? 3 : 1, poller))
                        .containsExactlyElementsOf(
                                more.isEmpty() ? List.of("\"a\"", "\"b\"", "\"c\"") : List.of("\"d\""));
            }
        }
    }

    @Test
    void since_withOverlap_catchesWhatBecomesVisibleLate_once() {
        List<String> entries = new CopyOnWriteArrayList<>(List.of("10:00:00", "10:00:10"));
        List<String> asked = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    String target = request.target();
                    String since = target.contains("since=")
                            ? target.substring(target.indexOf("since=") + 6).replace("%3A", ":")
                            : "";
                    asked.add(since);
                    exchange.send(
                            200,
                            "{\"items\":["
                                    + String.join(
                                            ",",
                                            entries.stream()
                                                    .map(time -> "2026-11-06T" + time + "Z")
                                                    .filter(time -> time.compareTo(since) >= 0)
                                                    .map(time -> "{\"id\":\"" + time + "\",\"t\":\"" + time + "\"}")
                                                    .toList())
                                    + "]}");
                });
                PollerWorker poller = items(server, StateStore.memory())
                        .pagination(Pagination.since("since", "/t", Duration.ofSeconds(5)))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(2);
            entries.add("10:00:07"); // committed late
            subscriber.await(3);
            entries.add("10:00:20");
            subscriber.await(4);
            int before = asked.size();
            eventually("polls", () -> asked.size() > before + 2);
            assertThat(subscriber.messages().stream().map(Message::id))
                    .containsExactly(
                            "2026-11-06T10:00:00Z",
                            "2026-11-06T10:00:10Z",
                            "2026-11-06T10:00:07Z",
                            "2026-11-06T10:00:20Z");
            assertThat(asked.get(asked.size() - 1)).isEqualTo("2026-11-06T10:00:15Z");
            assertThat(subscriber.messages().get(0).timestamp()).isEqualTo("2026-11-06T10:00:00Z");
        }
    }

    @Test
    void firstRunOnlyNew_passesOverWhatIsThere_onceAndForAll() {
        List<Integer> ids = new CopyOnWriteArrayList<>(List.of(1, 2));
        StateStore store = StateStore.file(folder);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                200,
                "{\"items\":["
                        + String.join(
                                ",", ids.stream().map(i -> "{\"id\":" + i + "}").toList()) + "]}"))) {
            try (PollerWorker poller =
                    items(server, store).firstRun(FirstRun.ONLY_NEW).build()) {
                TestSubscriber.get(poller.connect());
            }
            ids.add(3); // while nobody polls
            assertThat(first(1, items(server, store).firstRun(FirstRun.ONLY_NEW).build()))
                    .containsExactly("{\"id\":3}");
        }
    }

    @Test
    void ndjson_goodLinesArrive_badOnesAreRejectedWithTheirBytes() {
        List<String> dropped = new CopyOnWriteArrayList<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                dropped.add(message.text());
            }
        };
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        200,
                        "{\"a\":1}\r\n\n  \n{\"a\":\n\"ü\"\n{\"a\":2}".getBytes(StandardCharsets.ISO_8859_1),
                        "Content-Type: application/x-ndjson; charset=\"ISO-8859-1\""));
                PollerWorker poller = poller(server, "/x")
                        .extract(Extraction.ndjson())
                        .onReject(RejectPolicy.DROP)
                        .listener(listener)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("{\"a\":1}", "\"ü\"", "{\"a\":2}");
            eventually("the bad line", () -> dropped.equals(List.of("{\"a\":")));
        }
    }

    @Test
    void answerThatCannotBeRead_isRejectedAsAWhole_andTheNextOnesCount() {
        List<String> dropped = new CopyOnWriteArrayList<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                dropped.add(message.text());
            }
        };
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        200, request.number() < 3 ? "<html>" + request.number() : "{\"items\":[{\"id\":1}]}"));
                PollerWorker poller = items(server, StateStore.memory())
                        .onReject(RejectPolicy.DROP)
                        .listener(listener)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("{\"id\":1}");
            assertThat(dropped).containsExactly("<html>1", "<html>2");
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
                        .params(Map.of("limit", "1 & 2"))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(3); // each answer to a POST is new
            ScriptedServer.Request request = server.requests().get(2);
            assertThat(request.method()).isEqualTo("POST");
            assertThat(request.target()).isEqualTo("/x?a=b%20c&limit=1%20%26%202");
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
    void rotatedToken_isTakenUp_andARefusedOneEndsTheStream() {
        AtomicReference<Secret> token = new AtomicReference<>(Secret.of("one"));
        AtomicReference<String> valid = new AtomicReference<>("one");
        AtomicInteger asked = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        ("Bearer " + valid.get()).equals(request.header("authorization")) ? 200 : 401,
                        "" + request.number()));
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.bearer(() -> {
                            asked.incrementAndGet();
                            return token.get();
                        }))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(2);
            token.set(Secret.of("two"));
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

    @Test
    void fileStore_keepsKeysApart_andReplacesAsAWhole() throws IOException {
        StateStore store = StateStore.file(folder.resolve("new/folder"));
        List<String> keys = List.of("a/b", "a-b", "a b", "ü", "x".repeat(5_000), "../../etc", "https://a?b=c#d");
        for (String key : keys) {
            assertThat(store.load(key)).isNull();
            store.save(key, "old");
            store.save(key, key + " ü");
        }
        StateStore again = StateStore.file(folder.resolve("new/folder"));
        for (String key : keys) {
            assertThat(again.load(key)).isEqualTo(key + " ü");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile)).hasSize(keys.size());
        }
    }
}
