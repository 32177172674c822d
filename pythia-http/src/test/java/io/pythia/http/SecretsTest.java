package io.pythia.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.RejectPolicy;
import io.pythia.Secret;
import io.pythia.testkit.TestSubscriber;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Canaries in every place for a secret, looked for wherever text comes out, with every logger at its most talkative. */
class SecretsTest {
    private static final String CANARY = "c4n4ry";
    private static final Secret SIGNING = Secret.of("whsec_c4n4ryAAAAAAAAAAAAAAAAAAAAAAAAAA");

    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private final List<String> julRecords = new CopyOnWriteArrayList<>();
    private final java.util.logging.Logger jul = java.util.logging.Logger.getLogger("okhttp3");
    private final List<String> texts = new CopyOnWriteArrayList<>(); // the listener's thread, too
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            julRecords.add(record.getMessage() + " " + record.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };
    private Level before;

    @BeforeEach
    void listen() {
        before = root.getLevel();
        root.setLevel(Level.ALL);
        appender.start();
        root.addAppender(appender);
        jul.setLevel(java.util.logging.Level.ALL);
        handler.setLevel(java.util.logging.Level.ALL);
        jul.addHandler(handler);
    }

    @AfterEach
    void stopListening() {
        root.setLevel(before);
        root.detachAppender(appender);
        jul.removeHandler(handler);
        jul.setLevel(null);
    }

    private void heard(Object text) {
        texts.add(String.valueOf(text));
    }

    private void heard(Throwable error) {
        StringWriter trace = new StringWriter();
        error.printStackTrace(new PrintWriter(trace));
        heard(trace.toString());
    }

    private void assertNoCanary() {
        Thread.getAllStackTraces().keySet().forEach(thread -> heard(thread.getName()));
        List.copyOf(appender.list)
                .forEach(event -> heard(event.getFormattedMessage()
                        + (event.getThrowableProxy() == null
                                ? ""
                                : event.getThrowableProxy().getMessage())));
        julRecords.forEach(this::heard);
        assertThat(texts).hasSizeGreaterThan(5).noneMatch(text -> text.contains(CANARY));
    }

    @Test
    void secretsOfAPoller_areNowhere() {
        // An echoing server is the worst: it sends back whatever it was given.
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
            String echo = request.headers() + request.target();
            int status = switch (request.number() % 4) {
                case 0 -> 401;
                case 1 -> 500;
                case 2 -> 301;
                default -> 400;
            };
            exchange.send(
                    status, echo, "Location: /?" + request.target(), "X-Echo: " + request.header("authorization"));
        })) {
            for (HttpAuth auth : List.of(
                    HttpAuth.bearer(Secret.of(CANARY)),
                    HttpAuth.basic("user", Secret.of(CANARY)),
                    HttpAuth.apiKey("X-Api-Key", Secret.of(CANARY)),
                    HttpAuth.oauth2(server.url("/token?x=" + CANARY), "id", Secret.of(CANARY), null))) {
                PollerWorker.Builder builder = PollerWorker.builder()
                        .url(server.url("/feed?api_key=" + CANARY))
                        .headers(Map.of("Cookie", "session=" + CANARY))
                        .params(Map.of("token", CANARY))
                        .auth(auth)
                        .config(Pollers.CONFIG);
                heard(auth);
                try (PollerWorker poller = builder.build()) {
                    heard(poller);
                    TestSubscriber subscriber = TestSubscriber.acknowledging();
                    poller.consume().subscribe(subscriber);
                    poller.connect().handle((ok, error) -> error).thenAccept(this::heardIfAny);
                    heard(TestSubscriber.get(poller.healthCheck()));
                }
                for (int i = 0; i < 4; i++) {
                    try (PollerWorker poller = builder.build()) {
                        poller.connect()
                                .handle((ok, error) -> error)
                                .thenAccept(this::heardIfAny)
                                .join();
                        Health health = TestSubscriber.get(poller.healthCheck());
                        heard(health);
                    }
                }
            }
        }
        assertNoCanary();
    }

    private void heardIfAny(Throwable error) {
        if (error != null) {
            heard(error);
        }
    }

    @Test
    void secretsOfAWebhook_areNowhere() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    switch (request.number() % 3) {
                        case 0 -> exchange.reset();
                        case 1 -> exchange.send(400, "Cannot POST " + request.target() + " with " + request.headers());
                        default ->
                            exchange.send(302, "" + request.header("authorization"), "Location: " + request.target());
                    }
                });
                WebhookSenderWorker webhook = WebhookSenderWorker.builder()
                        .webhookUrls(
                                server.url("/services/" + CANARY + "?key=" + CANARY), server.url("/" + CANARY + "2"))
                        .headers(Map.of("Authorization", "Bearer " + CANARY, "X-Api-Key", CANARY))
                        .messageHeaders(Set.of("x-allowed"))
                        .secret(SIGNING)
                        .config(WebhookSenderTest.config().build())
                        .maxRetries(0)
                        .sendTimeout(Duration.ofSeconds(30))
                        .build()) {
            heard(webhook);
            heard(WebhookKey.of(SIGNING));
            for (int i = 0; i < 6; i++) {
                webhook.send(Message.builder()
                                .header("x-other", CANARY)
                                .body("body " + CANARY)
                                .build())
                        .handle((ok, error) -> error)
                        .thenAccept(this::heardIfAny)
                        .join();
                heard(TestSubscriber.get(webhook.healthCheck()));
            }
        }
        assertNoCanary();
    }

    @Test
    void statusLineThatRepeatsWhatWasSent_isNotQuoted() {
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> {
                    exchange.raw((request.number() % 2 == 0 ? "" : "HTTP/1.1 ") + request.header("authorization") + " "
                            + request.target() + "\r\n\r\n");
                    exchange.awaitHangUp();
                });
                PollerWorker poller = PollerWorker.builder()
                        .url(server.url("/feed"))
                        .headers(Map.of("Authorization", "Bearer " + CANARY))
                        .config(Pollers.CONFIG)
                        .build();
                WebhookSenderWorker webhook = WebhookSenderTest.sender(server.url("/" + CANARY))
                        .headers(Map.of("Authorization", "Bearer " + CANARY))
                        .maxRetries(0)
                        .build()) {
            for (int i = 0; i < 3; i++) {
                webhook.send(Message.of("x"))
                        .handle((ok, error) -> error)
                        .thenAccept(this::heardIfAny)
                        .join();
                poller.connect()
                        .handle((ok, error) -> error)
                        .thenAccept(this::heardIfAny)
                        .join();
            }
            heard(TestSubscriber.get(webhook.healthCheck()));
            heard(TestSubscriber.get(poller.healthCheck()));
        }
        assertThat(texts).anyMatch(text -> text.contains("not as HTTP demands"));
        assertNoCanary();
    }

    @Test
    void bodyThatCannotBeRead_isNotQuoted() {
        AtomicInteger dropped = new AtomicInteger();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                heard(reason);
                dropped.incrementAndGet();
            }
        };
        for (Extraction extraction : List.of(Extraction.ndjson(), Extraction.jsonArray("/a"))) {
            try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                            200,
                            "{\"" + CANARY + "\":1,\"" + CANARY + "\":2}\n" + CANARY + " {\"a\":" + CANARY + "}\n"
                                    + request.number()));
                    PollerWorker poller = PollerWorker.builder()
                            .url(server.url("/feed"))
                            .config(Pollers.CONFIG)
                            .extract(extraction)
                            .onReject(RejectPolicy.DROP)
                            .listener(listener)
                            .pollInterval(Duration.ofMillis(20))
                            .build()) {
                int before = dropped.get();
                poller.consume().subscribe(TestSubscriber.acknowledging());
                Pollers.eventually("dropped ones", () -> dropped.get() > before + 2);
            }
        }
        assertThat(texts).anyMatch(text -> text.contains("line 1"));
        assertNoCanary();
    }

    @Test
    void records_doNotShowWhatTheyHold() {
        HttpUrl url = HttpUrl.get("https://a.example/" + CANARY + "?key=" + CANARY);
        PollResponse response =
                new PollResponse(200, io.pythia.Headers.of("x", CANARY), CANARY.getBytes(StandardCharsets.UTF_8));
        PollItem item = PollItem.of("id", CANARY);
        PollCursor.Validators validators = new PollCursor.Validators("etag", null, null);
        heard(PollScheduleTest.settings(Map.of("Authorization", CANARY), url));
        heard(new Pagination.Page(url, response, List.of(new Extraction.Extracted(item, null, null)), validators));
        heard(new Pagination.Step(new PollCursor(null, url.toString(), validators, validators), true));
        heard(new HttpAuth.Request("GET", url.toString(), CANARY.getBytes(StandardCharsets.UTF_8)));
        heard(new PolledMessage("f", new PollProgress.OpenPage(PollCursor.START), "s", item, Instant.EPOCH, null));
        heard(response);
        heard(item);
        WebhookSettings settings = WebhookSenderTest.sender(url.toString())
                .headers(Map.of("Authorization", CANARY))
                .secret(SIGNING)
                .settings();
        heard(settings);
        heard(new ProxyAddress("proxy.example", 1));
        heard(HttpConfig.defaults());
        assertNoCanary();
    }

    @Test
    void refusedConfigurations_saySoWithoutTheSecret() {
        List<Runnable> refused = List.of(
                () -> HeaderRules.check(Map.of("Authorization", CANARY + "\n")),
                () -> WebhookKey.of(Secret.of("whsec_" + CANARY)),
                () -> HttpConfig.builder()
                        .proxy("http://u:" + CANARY + "@proxy:80")
                        .build(),
                () -> PollerWorker.builder()
                        .url("https://u:" + CANARY + "@a.example/")
                        .build(),
                () -> PollerWorker.builder()
                        .url("http://a.example/?key=" + CANARY)
                        .build(),
                () -> WebhookSenderWorker.builder()
                        .webhookUrls("https://[" + CANARY + "/")
                        .build(),
                () -> WebhookSenderWorker.builder()
                        .webhookUrls("https://10.0.0.1/" + CANARY)
                        .build());
        for (Runnable each : refused) {
            try {
                each.run();
                throw new AssertionError("it was taken");
            } catch (IllegalArgumentException e) {
                heard(e);
            }
        }
        assertNoCanary();
    }
}
