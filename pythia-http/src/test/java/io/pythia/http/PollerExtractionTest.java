package io.pythia.http;

import static io.pythia.http.Pollers.eventually;
import static io.pythia.http.Pollers.items;
import static io.pythia.http.Pollers.poller;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.RejectPolicy;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Answers of which not everything can be read. */
class PollerExtractionTest {
    @Test
    void ndjson_goodLinesArrive_badOnesAreRejectedWithTheirBytes() {
        List<String> dropped = new CopyOnWriteArrayList<>();
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        200,
                        "{\"a\":1}\r\n\n  \n{\"a\":\n\"ü\"\n{\"a\":2}".getBytes(StandardCharsets.ISO_8859_1),
                        "Content-Type: application/x-ndjson; charset=\"ISO-8859-1\""));
                PollerWorker poller = poller(server, "/x")
                        .extract(Extraction.ndjson())
                        .onReject(RejectPolicy.DROP)
                        .listener(Pollers.noting(dropped))
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
        try (ScriptedServer server = new ScriptedServer((request, exchange) -> exchange.send(
                        200, request.number() < 3 ? "<html>" + request.number() : "{\"items\":[{\"id\":1}]}"));
                PollerWorker poller = items(server, StateStore.memory())
                        .onReject(RejectPolicy.DROP)
                        .listener(Pollers.noting(dropped))
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            poller.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("{\"id\":1}");
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> dropped.equals(List.of("<html>1", "<html>2")));
        }
    }
}
