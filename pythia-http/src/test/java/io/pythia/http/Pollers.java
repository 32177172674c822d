package io.pythia.http;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** Pollers of a scripted server, as the tests like them: quick, and without chance. */
final class Pollers {
    static final HttpConfig CONFIG = HttpConfig.builder()
            .allowPlainHttp(true)
            .retryDelay(Duration.ofMillis(20))
            .circuitBreakerTimeout(Duration.ofMillis(200))
            .build();

    private Pollers() {}

    static PollerWorker.Builder poller(ScriptedServer server, String target) {
        return PollerWorker.builder()
                .url(server.url(target))
                .config(CONFIG)
                .jitter(0)
                .pollInterval(Duration.ofMillis(20));
    }

    /** Of the items of a JSON document, each with an id. */
    static PollerWorker.Builder items(ScriptedServer server, StateStore store) {
        return poller(server, "/x?y=z")
                .extract(Extraction.jsonArray("/items"))
                .itemId("/id")
                .itemKey("/id")
                .stateStore(store);
    }

    /** What a poller makes of the first messages, each acknowledged. */
    static List<String> first(int count, PollerWorker poller) {
        try (poller) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            subscriber.await(count);
            return subscriber.texts();
        }
    }

    /** Notes the texts of what is dropped. */
    static BrokerListener noting(List<String> texts) {
        return new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                texts.add(message.text());
            }
        };
    }

    static void eventually(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(60, TimeUnit.SECONDS)
                .pollInterval(5, TimeUnit.MILLISECONDS)
                .until(condition);
    }
}
