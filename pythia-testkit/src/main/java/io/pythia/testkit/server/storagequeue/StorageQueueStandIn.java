package io.pythia.testkit.server.storagequeue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.storagequeue.QueueStore.Given;
import io.pythia.testkit.server.storagequeue.QueueStore.Refused;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The queue service by HTTP, behind a proxy. Stopping and killing it take the proxy down: the messages stay. Thread-safe. */
public final class StorageQueueStandIn implements TestServer {
    private static final int THREADS = 8;
    private static final long DEFAULT_TTL = 7L * 24 * 3600;
    /** The last day that the service's format of times can say. */
    private static final Instant NEVER = Instant.parse("9999-12-31T23:59:59Z");

    static {
        // Read once by the JDK's server: without, each answer waits 40 ms for an acknowledgement of TCP.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final Map<String, QueueStore> queues = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, work -> {
        Thread thread = new Thread(work, "storage-queue-stand-in");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpServer server;
    private final FaultProxy proxy;

    /** Starts it. */
    public StorageQueueStandIn() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
        proxy = new FaultProxy("127.0.0.1", server.getAddress().getPort());
    }

    /** Returns an address that leads around the proxy: for benchmarks. */
    public String directAddress() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** Makes a queue. */
    public void createQueue(String name) {
        queues.putIfAbsent(name, new QueueStore());
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            // /account/queue, /account/queue/messages, /account/queue/messages/id
            String[] path = exchange.getRequestURI().getPath().split("/");
            Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
            try {
                answer(exchange, path, query, body);
            } catch (Refused e) {
                exchange.getResponseHeaders().add("x-ms-error-code", e.code);
                send(
                        exchange,
                        e.status,
                        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + e.code + "</Code></Error>");
            }
        }
    }

    private void answer(HttpExchange exchange, String[] path, Map<String, String> query, byte[] body)
            throws IOException {
        String method = exchange.getRequestMethod();
        if (path.length == 3) {
            queue(exchange, method, path[2]);
        } else if (path.length == 4) {
            messages(exchange, method, store(path[2]), query, body);
        } else if (path.length == 5 && method.equals("DELETE")) {
            store(path[2]).delete(path[4], query.getOrDefault("popreceipt", ""));
            send(exchange, 204, "");
        } else if (path.length == 5 && method.equals("PUT")) {
            Given changed = store(path[2])
                    .hide(path[4], query.getOrDefault("popreceipt", ""), millis(query, "visibilitytimeout", 0));
            exchange.getResponseHeaders().add("x-ms-popreceipt", changed.popReceipt());
            exchange.getResponseHeaders().add("x-ms-time-next-visible", date(changed.visibleAt()));
            send(exchange, 204, "");
        } else {
            throw new Refused(400, "InvalidUri");
        }
    }

    private void queue(HttpExchange exchange, String method, String name) throws IOException {
        switch (method) {
            case "PUT" -> send(exchange, queues.putIfAbsent(name, new QueueStore()) == null ? 201 : 204, "");
            case "DELETE" -> {
                store(name);
                queues.remove(name);
                send(exchange, 204, "");
            }
            default -> {
                exchange.getResponseHeaders()
                        .add(
                                "x-ms-approximate-messages-count",
                                Integer.toString(store(name).size()));
                send(exchange, 200, "");
            }
        }
    }

    private QueueStore store(String name) {
        QueueStore store = queues.get(name);
        if (store == null) {
            throw new Refused(404, "QueueNotFound");
        }
        return store;
    }

    private static void messages(
            HttpExchange exchange, String method, QueueStore store, Map<String, String> query, byte[] body)
            throws IOException {
        if (method.equals("POST")) {
            String xml = new String(body, StandardCharsets.UTF_8);
            Given added = store.add(
                    between(xml, "<MessageText>", "</MessageText>"),
                    millis(query, "visibilitytimeout", 0),
                    millis(query, "messagettl", DEFAULT_TTL));
            send(exchange, 201, list(List.of(added), false));
        } else {
            boolean peek = "true".equals(query.get("peekonly"));
            int most = Integer.parseInt(query.getOrDefault("numofmessages", "1"));
            send(exchange, 200, list(store.take(most, millis(query, "visibilitytimeout", 30), peek), true));
        }
    }

    /** The text stays as it is in XML, so that it goes out as it came in. */
    private static String between(String xml, String before, String after) {
        int from = xml.indexOf(before);
        int to = xml.indexOf(after);
        return from < 0 || to < 0 ? "" : xml.substring(from + before.length(), to);
    }

    private static String list(List<Given> messages, boolean withText) {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList>");
        for (Given each : messages) {
            xml.append("<QueueMessage>");
            element(xml, "MessageId", each.id());
            element(xml, "InsertionTime", date(each.inserted()));
            element(xml, "ExpirationTime", date(each.expires()));
            element(xml, "PopReceipt", each.popReceipt());
            element(xml, "TimeNextVisible", date(each.visibleAt()));
            if (withText) {
                element(xml, "DequeueCount", Integer.toString(each.count()));
                element(xml, "MessageText", each.text());
            }
            xml.append("</QueueMessage>");
        }
        return xml.append("</QueueMessagesList>").toString();
    }

    private static void element(StringBuilder xml, String name, String value) {
        xml.append('<')
                .append(name)
                .append('>')
                .append(value)
                .append("</")
                .append(name)
                .append('>');
    }

    private static String date(long millis) {
        Instant time = millis > NEVER.toEpochMilli() ? NEVER : Instant.ofEpochMilli(millis);
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(time.atOffset(ZoneOffset.UTC));
    }

    private static long millis(Map<String, String> query, String name, long defaultSeconds) {
        String seconds = query.get(name);
        return (seconds == null ? defaultSeconds : Long.parseLong(seconds)) * 1000;
    }

    private static Map<String, String> query(@org.jspecify.annotations.Nullable String raw) {
        Map<String, String> query = new HashMap<>();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                query.put(
                        pair.substring(0, equals),
                        URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return query;
    }

    private static void send(HttpExchange exchange, int status, String xml) throws IOException {
        byte[] bytes = xml.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/xml");
        exchange.getResponseHeaders().add("x-ms-version", "2021-12-02");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public String origin() {
        return "stand-in for Storage Queue on port " + server.getAddress().getPort();
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    @Override
    public boolean isOurs() {
        return true;
    }

    @Override
    public void kill() {
        proxy.down();
    }

    @Override
    public void stop() {
        proxy.down();
    }

    @Override
    public void start() {
        proxy.up();
    }

    @Override
    public void pause() {
        proxy.freeze();
    }

    @Override
    public void resume() {
        proxy.heal();
    }

    @Override
    public void close() {
        proxy.close();
        server.stop(0);
        threads.shutdownNow();
    }
}
