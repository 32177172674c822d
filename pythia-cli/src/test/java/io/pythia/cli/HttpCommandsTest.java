package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lines to a webhook, and out of a feed by the poller. */
class HttpCommandsTest {
    private static final String LOCAL = "#allow-plain-http=true&allow-networks=loopback&concurrency=1";
    private final List<String> entries = new CopyOnWriteArrayList<>();

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestMethod().equals("POST")) {
                entries.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                exchange.sendResponseHeaders(204, -1);
                return;
            }
            String query = exchange.getRequestURI().getQuery();
            int from = query.contains("offset=") ? Integer.parseInt(query.substring(query.lastIndexOf('=') + 1)) : 0;
            byte[] answer = (String.join("\n", entries.subList(from, Math.min(from + 500, entries.size()))))
                    .getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
        }
    }

    @Test
    void lines_throughWebhookAndPoller_comeOutAsTheyWentIn() throws IOException {
        List<String> lines = IntStream.range(0, 2_000)
                .mapToObj(i -> "{\"number\":" + i + ",\"text\":\"ü " + i + "\"}")
                .toList();
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 100);
        var threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
        try {
            String address = "http://127.0.0.1:" + server.getAddress().getPort() + "/feed?limit=500";
            Run produced = Run.of(String.join("\n", lines) + "\n", "produce", "webhook:" + address + LOCAL);
            assertThat(produced.exitCode()).as(produced.err()).isZero();
            assertThat(entries).containsExactlyElementsOf(lines);
            Run consumed = Run.of(
                    "",
                    "consume",
                    "http-poller:" + address
                            + "#allow-plain-http=true&extract=ndjson&pagination=offset&poll-interval=50ms",
                    "--max",
                    "2000");
            assertThat(consumed.exitCode()).as(consumed.err()).isZero();
            assertThat(consumed.lines()).containsExactlyElementsOf(lines);
            Run ping = Run.of("", "ping", "http-poller:" + address + "#allow-plain-http=true");
            assertThat(ping.exitCode()).as(ping.err()).isZero();
        } finally {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    @Test
    void refusedUrl_isSaid_withoutIt() {
        Run run = Run.of("x\n", "produce", "webhook:https://user:s3cr3t@a.example/");
        assertThat(run.exitCode()).isNotZero();
        assertThat(run.err()).contains("user or password").doesNotContain("s3cr3t");
    }
}
