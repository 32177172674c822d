package io.pythia.http;

import static io.pythia.http.Pollers.CONFIG;
import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.first;
import static io.pythia.http.Pollers.items;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.Secret;
import io.pythia.Settled;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What each option of the builder changes. */
class PollerOptionsTest {
    private static final long HOUR = 3_600_000;

    private static long nextPollMillis(PollerWorker poller) {
        return Long.parseLong(TestSubscriber.get(poller.healthCheck()).facts().getOrDefault("next-poll-ms", "0"));
    }

    private static PollerWorker.Builder hourly(ScriptedServer server) {
        return poller(server, "/x").pollInterval(Duration.ofHours(1));
    }

    @Test
    void timing_saysFromWhenTheIntervalCounts() {
        AtomicLong answeredAt = new AtomicLong();
        try (ScriptedServer slow = new ScriptedServer((request, exchange) -> {
                    TimeUnit.MILLISECONDS.sleep(500); // it takes its time
                    answeredAt.set(System.nanoTime());
                    exchange.send(200, "x");
                });
                PollerWorker delay = hourly(slow).build();
                PollerWorker rate = hourly(slow).timing(PollTiming.FIXED_RATE).build()) {
            TestSubscriber.get(delay.connect());
            long next = nextPollMillis(delay);
            assertThat(next + millisSince(answeredAt)).isGreaterThanOrEqualTo(HOUR - 1);
            TestSubscriber.get(rate.connect());
            long elapsed = millisSince(answeredAt);
            assertThat(elapsed + nextPollMillis(rate)).isLessThanOrEqualTo(HOUR - 500 + 1);
        }
    }

    private static long millisSince(AtomicLong nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos.get()).toMillis();
    }

    @Test
    void jitter_drawsEachIntervalAnew() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"))) {
            List<Long> drawn = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                try (PollerWorker poller = hourly(server).jitter(0.5).build()) {
                    TestSubscriber.get(poller.connect());
                    drawn.add(nextPollMillis(poller));
                }
            }
            assertThat(drawn).allMatch(next -> next > HOUR / 2 - 60_000 && next <= HOUR * 3 / 2);
            assertThat(drawn.stream().map(next -> next / 60_000).distinct().count())
                    .isGreaterThan(2);
        }
    }

    @Test
    void maxAge_countsOnlyIfWanted() {
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(200, "x", "Cache-Control: public, max-age=7200"));
                PollerWorker deaf = hourly(server).build();
                PollerWorker hearing = hourly(server).respectMaxAge(true).build()) {
            TestSubscriber.get(deaf.connect());
            TestSubscriber.get(hearing.connect());
            assertThat(nextPollMillis(deaf)).isLessThanOrEqualTo(HOUR);
            assertThat(nextPollMillis(hearing)).isBetween(HOUR + 1, 2 * HOUR);
        }
    }

    @Test
    void maxRetryAfter_limitsWhatAServerMayAskFor() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    if (request.number() == 1) {
                        exchange.send(200, "x");
                    } else {
                        exchange.send(429, "", "Retry-After: 999999");
                    }
                });
                PollerWorker poller = poller(server, "/x")
                        .maxRetryAfter(Duration.ofMinutes(30))
                        .build()) {
            poller.consume().subscribe(TestSubscriber.acknowledging());
            eventually("the refusal", () -> nextPollMillis(poller) > 60_000);
            assertThat(nextPollMillis(poller)).isLessThanOrEqualTo(HOUR / 2);
        }
    }

    @Test
    void rateLimit_isKept_byAllPollersThatShareIt_fromTheirFirstRequestOn() {
        List<Long> times = new CopyOnWriteArrayList<>();
        RateLimit limit = RateLimit.of(10, Duration.ofSeconds(1));
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    times.add(System.nanoTime());
                    exchange.send(200, "" + request.number());
                });
                PollerWorker one = poller(server, "/1")
                        .pollInterval(Duration.ZERO)
                        .rateLimit(limit)
                        .build();
                PollerWorker two = poller(server, "/2")
                        .pollInterval(Duration.ZERO)
                        .rateLimit(limit)
                        .build()) {
            one.consume().subscribe(TestSubscriber.acknowledging());
            two.consume().subscribe(TestSubscriber.acknowledging());
            eventually(
                    "both ask",
                    () -> times.size() > 12
                            && server.requests().stream()
                                            .map(ScriptedServer.Request::target)
                                            .distinct()
                                            .count()
                                    == 2);
            // What is counted when it is made may arrive a little later, and the next one not.
            assertThat(Duration.ofNanos(times.get(12) - times.get(0))).isGreaterThan(Duration.ofMillis(1_000));
        }
        RateLimit usedUp = RateLimit.of(1, Duration.ofHours(1));
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"));
                PollerWorker one = poller(server, "/1").rateLimit(usedUp).build();
                PollerWorker two = poller(server, "/2").rateLimit(usedUp).build()) {
            TestSubscriber.get(one.connect());
            assertThatThrownBy(() -> TestSubscriber.get(two.connect()))
                    .isInstanceOf(BrokerConnectionException.class)
                    .hasMessageContaining("rate limit");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void dedupWindow_saysHowManyIdsAreKept() {
        for (int window : new int[] {0, 10}) {
            try (ScriptedServer server = new ScriptedServer((request, exchange) ->
                            exchange.send(200, "{\"items\":[{\"id\":\"a\"}],\"at\":" + request.number() + "}"));
                    PollerWorker poller = items(server, StateStore.memory())
                            .dedupWindow(window)
                            .build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                poller.consume().subscribe(subscriber);
                if (window == 0) {
                    subscriber.await(3);
                } else {
                    eventually("polls", () -> server.requests().size() > 5);
                    assertThat(subscriber.count()).isEqualTo(1);
                }
            }
        }
    }

    @Test
    void params_inAnyOrder_areTheSamePlace() {
        StateStore store = StateStore.memory();
        Map<String, String> params = new LinkedHashMap<>();
        params.put("b", "2");
        params.put("a", "1");
        Map<String, String> turned = new LinkedHashMap<>();
        turned.put("a", "1");
        turned.put("b", "2");
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"))) {
            assertThat(first(
                            1,
                            poller(server, "/x")
                                    .params(params)
                                    .stateStore(store)
                                    .build()))
                    .containsExactly("x");
            int before = server.requests().size();
            try (PollerWorker again =
                    poller(server, "/x").params(turned).stateStore(store).build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                again.consume().subscribe(subscriber);
                eventually("polls", () -> server.requests().size() > before + 3);
                assertThat(subscriber.count()).isZero();
            }
            assertThat(server.requests()).allMatch(request -> request.target().equals("/x?a=1&b=2"));
        }
    }

    @Test
    void unsettledMessage_stopsThePolls_whenTooMuchIsAcknowledgedBehindIt() {
        try (ScriptedServer server = new ScriptedServer(
                        (request, exchange) -> exchange.send(200, "{\"items\":[{\"id\":" + request.number() + "}]}"));
                PollerWorker poller = items(server, StateStore.memory())
                        .pollInterval(Duration.ofMillis(1))
                        .maxInFlight(20)
                        .build()) {
            List<Message> held = new CopyOnWriteArrayList<>();
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (message.text().equals("{\"id\":3}")) {
                    held.add(message);
                } else {
                    message.ack();
                }
            });
            poller.consume().subscribe(subscriber);
            eventually("the limit", () -> server.requests().size() >= 23);
            // It would have asked thousands of times; 3 settled, the one, 20 behind it, and one that was under way.
            for (int i = 0; i < 50; i++) {
                TestSubscriber.get(poller.healthCheck());
            }
            assertThat(server.requests()).hasSizeLessThanOrEqualTo(25);
            assertThat(TestSubscriber.get(held.get(0).ack())).isEqualTo(Settled.DONE);
            eventually("it goes on", () -> subscriber.count() > 60);
        }
    }

    @Test
    void errorInUserCode_whileSomethingIsUnsettled_endsTheStream_andNotInSilence() {
        AtomicInteger asked = new AtomicInteger();
        try (ScriptedServer server =
                        new ScriptedServer((request, exchange) -> exchange.send(200, "" + request.number()));
                PollerWorker poller = poller(server, "/x")
                        .auth(HttpAuth.bearer(() -> {
                            if (asked.incrementAndGet() > 1) {
                                throw new NoClassDefFoundError("of the application");
                            }
                            return Secret.of("token");
                        }))
                        .closeTimeout(Duration.ZERO)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10); // acknowledges nothing, so another thread asks
            poller.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd()).isInstanceOf(NoClassDefFoundError.class);
        }
    }

    @Test
    void storeThatThrowsAnything_isSaid() {
        StateStore broken = new StateStore() {
            @Override
            public String load(String key) {
                throw new IllegalStateException("no pool");
            }

            @Override
            public void save(String key, String state) {}
        };
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(200, "x"));
                PollerWorker poller = poller(server, "/x").stateStore(broken).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect()))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("state store");
        }
    }

    @Test
    void config_isThatOfTheBuilder() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.awaitHangUp());
                PollerWorker poller = poller(server, "/x")
                        .config(CONFIG.toBuilder()
                                .timeout(Duration.ofMillis(200))
                                .build())
                        .connectTimeout(Duration.ofMinutes(10))
                        .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(poller.connect())).hasMessageContaining("in time");
        }
    }

    @Test
    void parameterWithoutAValue_isRefused() {
        Map<String, Object> params = new LinkedHashMap<>();
        params.put("limit", null);
        assertThatThrownBy(() -> PollerWorker.builder().params(params))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("params");
    }
}
