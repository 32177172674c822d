package io.pythia.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A service with feeds on the JDK's server: {@code POST /feeds/x} adds an entry, {@code GET /feeds/x?after=7} reads those behind the
 * seventh, with the cursor from which to go on and an ETag. It keeps its feeds when it is stopped and started.
 */
final class FeedServer implements AutoCloseable {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int PAGE = 200;
    private static final byte[] EMPTY = {};

    private final Map<String, List<ObjectNode>> feeds = new ConcurrentHashMap<>();
    private volatile HttpServer server;
    private volatile ExecutorService threads;
    private int port;

    FeedServer() {
        start();
    }

    synchronized void start() {
        try {
            server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 200);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        port = server.getAddress().getPort();
        threads = Executors.newFixedThreadPool(32);
        server.setExecutor(threads);
        server.createContext("/feeds/", this::handle);
        server.start();
    }

    synchronized void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    int port() {
        return port;
    }

    String url(String feed) {
        return "http://127.0.0.1:" + port + "/feeds/" + feed;
    }

    int size(String feed) {
        return entries(feed).size();
    }

    /** Adds entries as if somebody had posted them. */
    void add(String feed, int from, int to) {
        for (int i = from; i < to; i++) {
            add(feed, "m" + i, ("body " + i).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
    }

    private void add(String feed, String id, byte[] body) {
        List<ObjectNode> entries = entries(feed);
        synchronized (entries) {
            entries.add(MAPPER.createObjectNode()
                    .put("id", id)
                    .put("body", Base64.getEncoder().encodeToString(body)));
        }
    }

    private List<ObjectNode> entries(String feed) {
        return feeds.computeIfAbsent(feed, name -> new ArrayList<>());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String feed = exchange.getRequestURI().getPath().substring("/feeds/".length());
            if (feed.startsWith("missing")) {
                answer(exchange, 404, EMPTY);
            } else if (exchange.getRequestMethod().equals("POST")) {
                byte[] body = exchange.getRequestBody().readAllBytes();
                add(feed, exchange.getRequestHeaders().getFirst("webhook-id"), body);
                answer(exchange, 200, EMPTY);
            } else {
                read(exchange, feed);
            }
        }
    }

    private void read(HttpExchange exchange, String feed) throws IOException {
        String query = exchange.getRequestURI().getQuery();
        int after = query == null ? 0 : Integer.parseInt(query.substring(query.lastIndexOf('=') + 1));
        ObjectNode answer = MAPPER.createObjectNode();
        ArrayNode items = answer.putArray("items");
        List<ObjectNode> entries = entries(feed);
        int to;
        synchronized (entries) {
            to = Math.min(after + PAGE, entries.size());
            items.addAll(entries.subList(Math.min(after, to), to));
        }
        answer.put("next", Integer.toString(to));
        String etag = "\"" + after + "-" + to + "\"";
        exchange.getResponseHeaders().set("ETag", etag);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (etag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
            answer(exchange, 304, EMPTY);
        } else {
            answer(exchange, 200, MAPPER.writeValueAsBytes(answer));
        }
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    /** Takes the entries out of an answer. */
    static Extraction extraction() {
        return Extraction.custom(response -> {
            List<PollItem> items = new ArrayList<>();
            try {
                for (JsonNode entry : MAPPER.readTree(response.body()).path("items")) {
                    byte[] body = Base64.getDecoder().decode(entry.path("body").asText());
                    items.add(new PollItem(entry.path("id").asText(), null, io.pythia.Headers.empty(), null, body));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return items;
        });
    }

    @Override
    public void close() {
        stop();
    }
}
