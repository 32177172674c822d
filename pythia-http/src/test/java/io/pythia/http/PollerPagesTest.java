package io.pythia.http;

import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.first;
import static io.pythia.http.Pollers.items;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.DestinationNotFoundException;
import io.pythia.FirstRun;
import io.pythia.Message;
import io.pythia.RejectPolicy;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources that do not fit into one answer, and where a poller goes on in them. */
class PollerPagesTest {
    @TempDir
    private Path folder;

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

    /** What a proxy says while the service is down is no page: it becomes a poison message, and nothing behind it is passed over. */
    @ParameterizedTest
    @ValueSource(strings = {"offset", "page", "link", "token"})
    void answerThatIsNoPage_inTheMiddle_skipsNothing(String mode) {
        AtomicInteger down = new AtomicInteger(3);
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            String target = request.target();
            int at = target.contains("at=") ? Integer.parseInt(target.substring(target.lastIndexOf('=') + 1)) : 0;
            if (at > 0 && down.getAndDecrement() > 0) {
                exchange.send(200, "<html>Back soon " + request.number());
                return;
            }
            boolean last = at >= 3;
            String items = last ? "" : "{\"id\":\"i" + at + "\"}";
            String next = last ? "null" : "\"" + (at + 1) + "\"";
            exchange.send(
                    200,
                    "{\"next\":" + next + ",\"items\":[" + items + "]}",
                    last ? "X-Last: 1" : "Link: </x?y=z&at=" + (at + 1) + ">; rel=next");
        })) {
            Pagination pagination = switch (mode) {
                case "offset" -> Pagination.offset("at");
                case "page" -> Pagination.page("at", 0);
                case "link" -> Pagination.link();
                default -> Pagination.pageToken("/next", "at");
            };
            assertThat(first(
                            3,
                            items(server, StateStore.memory())
                                    .pagination(pagination)
                                    .onReject(RejectPolicy.DROP)
                                    .build()))
                    .containsExactly("{\"id\":\"i0\"}", "{\"id\":\"i1\"}", "{\"id\":\"i2\"}");
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

    /** A token that was stored in the middle of a round may be too old at the next start. */
    @ParameterizedTest
    @ValueSource(ints = {400, 404, 410, 422})
    void storedPage_thatTheServerRefuses_beginsTheRoundAnew(int status) throws Exception {
        StateStore store = StateStore.memory();
        store.save("place", "{\"version\":1,\"cursor\":{\"page\":\"old\"}}");
        try (ScriptedServer server = new ScriptedServer((request, exchange) ->
                exchange.send(request.target().contains("token=") ? status : 200, "{\"items\":[{\"id\":1}]}"))) {
            assertThat(first(
                            1,
                            items(server, store)
                                    .stateKey("place")
                                    .pagination(Pagination.pageToken("/next", "token"))
                                    .build()))
                    .containsExactly("{\"id\":1}");
            assertThat(server.requests().get(0).target()).contains("token=old");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pageThatIsLostInARound_beginsTheRoundAnew_onceAndNotForEver(boolean comesBack) {
        AtomicInteger asked = new AtomicInteger();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (!request.target().contains("page=2")) {
                        exchange.send(200, "[{\"id\":1},{\"id\":2}]", "Link: </x?page=2>; rel=next");
                    } else if (asked.incrementAndGet() == 2 && comesBack) {
                        exchange.send(200, "[{\"id\":3}]");
                    } else {
                        exchange.send(404, "gone");
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .extract(Extraction.jsonArray(""))
                        .itemId("/id")
                        .pagination(Pagination.link())
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            if (comesBack) {
                subscriber.await(3);
            } else {
                assertThat(subscriber.awaitEnd()).isInstanceOf(DestinationNotFoundException.class);
                assertThat(asked.get()).isEqualTo(2);
            }
            assertThat(subscriber.texts())
                    .startsWith("{\"id\":1}", "{\"id\":2}")
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void nextPageOnAnotherHost_isNeverStored() {
        StateStore store = StateStore.memory();
        AtomicReference<String> link = new AtomicReference<>("Link: <https://other.example.com/x>; rel=next");
        try (ScriptedServer server =
                new ScriptedServer((request, exchange) -> exchange.send(200, "{\"items\":[{\"id\":1}]}", link.get()))) {
            try (PollerWorker poller =
                    items(server, store).pagination(Pagination.link()).build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                poller.consume().subscribe(subscriber);
                assertThat(subscriber.awaitEnd()).hasMessageContaining("another host");
                assertThat(subscriber.texts()).isEmpty();
            }
            link.set("X: y");
            assertThat(first(
                            1,
                            items(server, store).pagination(Pagination.link()).build()))
                    .containsExactly("{\"id\":1}");
        }
    }
}
