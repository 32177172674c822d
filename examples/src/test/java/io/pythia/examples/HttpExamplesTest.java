package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.pythia.Secret;
import io.pythia.examples.http.HttpExamples;
import io.pythia.http.HttpConfig;
import io.pythia.http.PollerWorker;
import io.pythia.http.WebhookSenderWorker;
import io.pythia.http.WebhookVerifier;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpExamplesTest {
    private static final Secret SECRET = Secret.of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final HttpConfig LOCAL = HttpConfig.webhookDefaults().toBuilder()
            .allowPlainHttp(true)
            .allowNetworks("loopback")
            .build();

    @TempDir
    private Path folder;

    @Test
    void webhook_isSent_verified_andPolledAgain() throws IOException {
        WebhookVerifier verifier = WebhookVerifier.builder().secret(SECRET).build();
        List<Integer> statuses = new CopyOnWriteArrayList<>();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/hook", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            int status = HttpExamples.receive(verifier, exchange.getRequestHeaders()::getFirst, body);
            statuses.add(status);
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.createContext("/events", exchange -> {
            byte[] answer =
                    "{\"events\":[{\"id\":1},{\"id\":2}],\"next_cursor\":\"2\"}".getBytes(StandardCharsets.UTF_8);
            boolean first = exchange.getRequestURI().getQuery() == null;
            exchange.sendResponseHeaders(first ? 200 : 204, first ? answer.length : -1);
            if (first) {
                exchange.getResponseBody().write(answer);
            }
            exchange.close();
        });
        server.start();
        String address = "http://127.0.0.1:" + server.getAddress().getPort();
        List<String> received = new CopyOnWriteArrayList<>();
        try (WebhookSenderWorker webhook = HttpExamples.webhook(LOCAL, List.of(address + "/hook"), SECRET);
                PollerWorker poller = HttpExamples.poll(
                        LOCAL, address + "/events", folder, Secret.of("token"), m -> received.add(m.text()))) {
            Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> statuses.size() == 1 && received.size() == 2);
            assertThat(webhook.name()).isEqualTo("webhook:" + address);
            assertThat(poller.name()).endsWith("/events");
        } finally {
            server.stop(0);
        }
        assertThat(statuses).containsExactly(204);
        assertThat(received).containsExactly("{\"id\":1}", "{\"id\":2}");
    }
}
