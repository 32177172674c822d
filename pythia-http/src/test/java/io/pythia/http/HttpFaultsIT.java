package io.pythia.http;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.ConnectPolicy;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.StateStore;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a network and a process can suffer, with a service behind a proxy: webhooks write it, the poller reads it, every message counts. */
@Timeout(300)
class HttpFaultsIT {
    private static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(200), true, true);
    /** A time limit that a hanging request reaches soon. */
    private static final HttpConfig CONFIG =
            FeedHarness.CONFIG.toBuilder().timeout(Duration.ofSeconds(2)).build();

    private FeedServer server;
    private FaultProxy proxy;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() {
        server = new FeedServer();
        proxy = new FaultProxy("127.0.0.1", server.port());
    }

    @AfterEach
    void stop() {
        proxy.close();
        server.close();
    }

    private String url(String feed) {
        return "http://127.0.0.1:" + proxy.port() + "/feeds/" + feed;
    }

    private WebhookSenderWorker webhook(String feed) {
        return WebhookSenderWorker.builder()
                .webhookUrls(url(feed))
                .config(CONFIG)
                .retry(QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .build();
    }

    private PollerWorker.Builder poller(String feed) {
        return PollerWorker.builder()
                .url(url(feed))
                .config(CONFIG)
                .pollInterval(Duration.ofMillis(20))
                .extract(FeedServer.extraction())
                .pagination(Pagination.cursor("/next", "after"))
                .retry(QUICK)
                .stateStore(StateStore.file(folder));
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(120, TimeUnit.SECONDS)
                .pollInterval(10, TimeUnit.MILLISECONDS)
                .until(condition::getAsBoolean);
    }

    /** Sends steadily, polls, lets the fault happen, and counts. Duplicates in the feed have one id and are recognized by the poller. */
    private Ledger underLoad(String feed, Runnable fault) throws InterruptedException {
        Ledger ledger = new Ledger();
        AtomicBoolean sending = new AtomicBoolean(true);
        try (WebhookSenderWorker webhook = webhook(feed);
                PollerWorker poller = poller(feed).build()) {
            poller.consume().subscribe(TestSubscriber.handling(message -> {
                ledger.delivered(message.id());
                message.ack();
            }));
            Thread load = new Thread(() -> {
                for (int i = 0; sending.get(); i++) {
                    ledger.send(
                            webhook,
                            Message.builder().id("m" + i).body("body " + i).build());
                    LockSupport.parkNanos(1_000_000);
                }
            });
            load.start();
            eventually("messages before the fault", () -> ledger.delivered() > 100);
            fault.run();
            int before = ledger.delivered();
            eventually("messages after the fault", () -> ledger.delivered() > before + 100);
            sending.set(false);
            load.join();
            TestSubscriber.get(webhook.flush());
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        }
        ledger.verify(0);
        System.out.println(feed + ": " + ledger);
        return ledger;
    }

    @Test
    void f04_resets_loseNothing() throws InterruptedException {
        underLoad("f04", () -> {
            for (int i = 0; i < 10; i++) {
                long before = proxy.bytes(Direction.TO_SERVER);
                eventually("traffic", () -> proxy.bytes(Direction.TO_SERVER) > before + 5_000);
                proxy.resetAll();
            }
        });
    }

    @Test
    void f05_blackHole_isLeftByTheTimeLimit_andSeen() throws InterruptedException {
        Outages outages = new Outages();
        try (PollerWorker idle =
                poller("f05-idle").listener(outages).stateKey("idle").build()) {
            idle.consume().subscribe(TestSubscriber.acknowledging());
            underLoad("f05", () -> {
                proxy.drop(Direction.TO_SERVER);
                proxy.drop(Direction.TO_CLIENT);
                eventually("an event", () -> outages.lost() > 0);
                eventually(
                        "health DOWN",
                        () -> !TestSubscriber.get(idle.healthCheck()).isUp());
                proxy.heal();
            });
            eventually("the end of the outage", () -> outages.restored() > 0);
            assertThat(TestSubscriber.get(idle.healthCheck()).isUp()).isTrue();
        }
    }

    @Test
    void f07_fragmentsOfOneByte_changeNothing() throws InterruptedException {
        underLoad("f07", () -> proxy.slice(1));
    }

    @Test
    void f08_resetsInTheMiddle_atAnyByte_loseNothing() throws InterruptedException {
        Random random = new Random(8);
        underLoad("f08", () -> {
            for (int i = 0; i < 50; i++) {
                Direction direction = i % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT;
                long bytes = 1 + random.nextInt(2_000);
                long before = proxy.bytes(direction);
                proxy.resetAfter(direction, bytes);
                eventually("the reset", () -> proxy.bytes(direction) >= before + bytes);
            }
        });
    }

    @Test
    void f09_halfClosed_andIdleConnectionsCut_loseNothing() throws InterruptedException {
        underLoad("f09", () -> {
            for (int i = 0; i < 5; i++) {
                proxy.halfClose();
                long before = proxy.bytes(Direction.TO_CLIENT);
                eventually("traffic", () -> proxy.bytes(Direction.TO_CLIENT) > before + 2_000);
            }
        });
        // An idle connection that the network has forgotten: the next send ends, and every attempt has the same id.
        try (WebhookSenderWorker webhook = webhook("f09-idle")) {
            TestSubscriber.get(webhook.send(Message.builder().id("a").body("x").build()));
            proxy.resetAll();
            TestSubscriber.get(webhook.send(Message.builder().id("b").body("x").build()));
        }
    }

    @Test
    void f10_lostAnswers_areUncertain_orOkWithTheSameId() {
        try (WebhookSenderWorker once = WebhookSenderWorker.builder()
                        .webhookUrls(url("f10"))
                        .config(CONFIG)
                        .maxRetries(0)
                        .build();
                WebhookSenderWorker webhook = webhook("f10");
                PollerWorker poller = poller("f10").build()) {
            proxy.drop(Direction.TO_CLIENT);
            CompletableFuture<SendResult> lost =
                    once.send(Message.builder().id("lost").body("x").build());
            assertThat(lost.handle((ok, error) -> error).join()).isInstanceOf(UncertainSendException.class);
            eventually("it", () -> server.size("f10") == 1); // the client may be sooner to give up
            CompletableFuture<SendResult> again =
                    webhook.send(Message.builder().id("again").body("y").build());
            eventually("the first attempt", () -> server.size("f10") >= 2);
            proxy.resetAll(); // first, or the answer passes
            proxy.heal();
            TestSubscriber.get(again);
            assertThat(server.size("f10")).isGreaterThanOrEqualTo(3); // the service has it twice, under one id
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(subscriber.messages().stream().map(Message::id)).containsExactly("lost", "again");
        }
    }

    @Test
    void f11_serverThatComesLater_isFound() {
        proxy.down();
        try (PollerWorker poller =
                        poller("f11").connectPolicy(ConnectPolicy.WAIT).build();
                WebhookSenderWorker webhook = webhook("f11")) {
            CompletableFuture<Void> connected = poller.connect();
            CompletableFuture<SendResult> sent = webhook.send(Message.of("x"));
            Awaitility.await().during(500, TimeUnit.MILLISECONDS).until(() -> !connected.isDone() && !sent.isDone());
            proxy.up();
            TestSubscriber.get(connected);
            TestSubscriber.get(sent);
        }
    }

    @Test
    void f13_pollerProcessKilled_betweenFetchAndAck_losesNothing() throws IOException {
        int count = 20_000;
        server.add("f13", 0, count);
        Path journal = folder.resolve("journal");
        Files.createFile(journal);
        Random random = new Random(13);
        int kills = 6;
        for (int kill = 0; kill < kills; kill++) {
            long enough = Files.size(journal) + 6L * (1 + random.nextInt(3_000));
            try (ChildJvm child = child(journal)) {
                eventually("progress before the kill", () -> size(journal) >= enough || distinct(journal) >= count);
                child.kill();
            }
        }
        try (ChildJvm last = child(journal)) {
            eventually("all entries", () -> distinct(journal) == count);
            last.kill();
        }
        try (var lines = Files.lines(journal)) {
            long duplicates = lines.count() - count;
            System.out.println("f13: " + count + " entries, " + kills + " kills, " + duplicates + " duplicates");
            assertThat(duplicates).isBetween(0L, (kills + 1) * 600L);
        }
    }

    private ChildJvm child(Path journal) {
        return new ChildJvm(
                PollingChild.class, url("f13"), folder.resolve("state").toString(), journal.toString());
    }

    @Test
    void f35_deadPartner_costsTheOthersNothing() {
        Map<String, AtomicInteger> seen = new ConcurrentHashMap<>();
        int count = 2_000;
        try (ScriptedServer good = new ScriptedServer((request, exchange) -> {
                    seen.computeIfAbsent(request.target() + request.header("webhook-id"), k -> new AtomicInteger())
                            .incrementAndGet();
                    exchange.send(200, "");
                });
                ScriptedServer dead = new ScriptedServer((request, exchange) -> exchange.awaitHangUp())) {
            AtomicLong alone = new AtomicLong();
            AtomicLong withDead = new AtomicLong();
            for (boolean deadToo : new boolean[] {false, true, false, true}) {
                seen.clear();
                List<String> urls = new ArrayList<>(List.of(good.url("/1"), good.url("/2")));
                if (deadToo) {
                    urls.add(dead.url("/"));
                }
                try (WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                        .webhookUrls(urls)
                        // A request that the machine delays for longer is sent again.
                        .config(CONFIG.toBuilder()
                                .timeout(Duration.ofSeconds(5))
                                .build())
                        .retry(RetryConfig.none().withMaxRetries(1))
                        .closeTimeout(Duration.ZERO)
                        .build()) {
                    long from = System.nanoTime();
                    for (int i = 0; i < count; i++) {
                        webhook.send(Message.builder().id("m" + i).body("x").build());
                    }
                    eventually("every message at both", () -> seen.size() == 2 * count);
                    (deadToo ? withDead : alone).set(System.nanoTime() - from);
                    if (deadToo) {
                        eventually(
                                "the circuit of the dead one",
                                () -> TestSubscriber.get(webhook.healthCheck())
                                        .facts()
                                        .get("url-3")
                                        .matches(".* (OPEN|HALF_OPEN),.*"));
                    }
                }
                assertThat(seen.values()).allMatch(times -> times.get() == 1);
            }
            System.out.printf(
                    "f35: %d messages to two partners in %d ms, beside a dead one in %d ms%n",
                    count, alone.get() / 1_000_000, withDead.get() / 1_000_000);
        }
    }

    /** Newest first, in pages that shift while they are read; crashes, expired credentials, slow bodies: every item arrives. */
    @Test
    void f36_pagesThatShift_withCrashesAndHostileAnswers_skipNoItem() {
        int count = 150;
        List<Integer> newestFirst = new CopyOnWriteArrayList<>();
        Random random = new Random(36);
        try (ScriptedServer source = new ScriptedServer((request, exchange) -> {
            if (newestFirst.size() < count && random.nextInt(3) == 0) {
                newestFirst.add(0, newestFirst.size()); // between two pages, too
            }
            int page = Integer.parseInt("0" + request.target().replaceFirst("/list(\\?page=)?", ""));
            List<Integer> items = newestFirst.subList(
                    Math.min(10 * page, newestFirst.size()), Math.min(10 * page + 10, newestFirst.size()));
            String body = "{\"items\":["
                    + items.stream().map(i -> "{\"id\":\"m" + i + "\"}").collect(joining(",")) + "]}";
            String etag = "\"" + body.hashCode() + "\"";
            switch (random.nextInt(30)) {
                case 0 -> exchange.send(503, "", "Retry-After: 0");
                case 1 -> exchange.reset();
                case 2 -> {
                    exchange.raw(
                            "HTTP/1.1 200 OK\r\nETag: " + etag + "\r\nContent-Length: " + body.length() + "\r\n\r\n");
                    exchange.raw(body.substring(0, body.length() / 2)); // and then for ever nothing
                    exchange.awaitHangUp();
                }
                default ->
                    exchange.send(etag.equals(request.header("If-None-Match")) ? 304 : 200, body, "ETag: " + etag);
            }
        })) {
            Set<String> acknowledged = ConcurrentHashMap.newKeySet();
            AtomicInteger deliveries = new AtomicInteger();
            int crashes = 0;
            while (acknowledged.size() < count) {
                try (PollerWorker poller = PollerWorker.builder()
                        .url(source.url("/list"))
                        .config(CONFIG.toBuilder()
                                .timeout(Duration.ofMillis(500))
                                .build())
                        .pollInterval(Duration.ofMillis(5))
                        .extract(Extraction.jsonArray("/items"))
                        .itemId("/id")
                        .pagination(Pagination.page("page", 0))
                        .retry(QUICK)
                        .connectPolicy(ConnectPolicy.WAIT)
                        .stateStore(StateStore.file(folder))
                        .closeTimeout(Duration.ZERO)
                        .build()) {
                    AtomicInteger inThisSession = new AtomicInteger();
                    int left = 1 + random.nextInt(60);
                    poller.consume().subscribe(TestSubscriber.handling(message -> {
                        deliveries.incrementAndGet();
                        // The last ones of a session are never acknowledged: its process dies.
                        if (inThisSession.incrementAndGet() <= left) {
                            message.ack().thenAccept(settled -> acknowledged.add(message.id()));
                        }
                    }));
                    eventually("progress", () -> inThisSession.get() > left || acknowledged.size() == count);
                }
                crashes++;
            }
            assertThat(acknowledged).hasSize(count);
            System.out.printf("f36: %d items, %d deliveries, %d crashes%n", count, deliveries.get(), crashes);
        }
    }

    @Test
    void f40_closedAtAnyMoment_underLoad_everythingEnds() {
        Random random = new Random(40);
        for (int round = 0; round < 60; round++) {
            String feed = "f40-" + round;
            server.add(feed, 0, 50);
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            WebhookSenderWorker webhook = webhook(feed);
            PollerWorker poller = poller(feed).build();
            AtomicInteger got = new AtomicInteger();
            poller.consume().subscribe(TestSubscriber.handling(message -> {
                got.incrementAndGet();
                message.ack();
            }));
            for (int i = 0; i < 100; i++) {
                results.add(webhook.send(Message.of("x")));
            }
            LockSupport.parkNanos(random.nextInt(20_000_000));
            CompletableFuture<Void> closed = CompletableFuture.allOf(webhook.disconnect(), poller.disconnect());
            TestSubscriber.get(closed);
            assertThat(results).allMatch(CompletableFuture::isDone);
        }
        eventually(
                "no thread of the library",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .map(Thread::getName)
                        .filter(name -> name.contains(":" + proxy.port())) // others are of tests beside it
                        .noneMatch(
                                name -> name.startsWith("pythia-http-poller:") || name.startsWith("pythia-webhook:")));
        eventually("no connection", () -> proxy.open() == 0);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static long distinct(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.distinct().count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
