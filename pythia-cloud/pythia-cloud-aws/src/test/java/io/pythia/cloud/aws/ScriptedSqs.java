package io.pythia.cloud.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A server that speaks the JSON protocol of SQS and says what a test tells it to. What a test does not script succeeds; receives bring what
 * was put into {@link #deliveries}, else nothing.
 */
final class ScriptedSqs implements AutoCloseable {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final int OK = 200;

    /** Says to cut the connection instead of answering. */
    static final RuntimeException CUT = new RuntimeException("cut");

    /** An answer with an error; {@code text} is the whole body. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int status;
        private final String text;

        Failure(int status, String text) {
            this.status = status;
            this.text = text;
        }

        static Failure of(int status, String code) {
            return new Failure(status, "{\"__type\": \"com.amazonaws.sqs#" + code + "\", \"message\": \"scripted\"}");
        }
    }

    /** What receives will bring, one list for each. */
    final BlockingQueue<List<ObjectNode>> deliveries = new LinkedBlockingQueue<>();

    /** How the requests were signed. */
    final List<String> authorizations = new CopyOnWriteArrayList<>();

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "scripted-sqs");
        thread.setDaemon(true);
        return thread;
    });
    private final Map<String, Function<JsonNode, JsonNode>> scripts = new ConcurrentHashMap<>();
    private final Map<String, List<JsonNode>> requests = new ConcurrentHashMap<>();

    ScriptedSqs() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::serve);
        server.start();
        script("ReceiveMessage", this::receive);
        script("SendMessageBatch", request -> answer(request, (entry, id) -> sent(entry, id)));
        script("DeleteMessageBatch", request -> answer(request, (entry, id) -> null));
        script("ChangeMessageVisibilityBatch", request -> answer(request, (entry, id) -> null));
        script("GetQueueAttributes", request -> JSON.createObjectNode().set("Attributes", JSON.createObjectNode()));
    }

    String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** Sets what an action answers; it may throw {@link Failure} or {@link #CUT}. */
    void script(String action, Function<JsonNode, JsonNode> answer) {
        scripts.put(action, answer);
    }

    /** Returns the requests of an action so far. */
    List<JsonNode> requests(String action) {
        return requests.computeIfAbsent(action, a -> new CopyOnWriteArrayList<>());
    }

    /** Returns the values of a field in the entries of all requests of an action. */
    List<String> entries(String action, String field) {
        return requests(action).stream()
                .flatMap(request -> request.get("Entries").findValuesAsText(field).stream())
                .toList();
    }

    /** Returns an answer to a batch: entries fail whose function returns an object with a {@code Code}. */
    static JsonNode answer(JsonNode request, BiFunction<JsonNode, String, ObjectNode> about) {
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode ok = answer.putArray("Successful");
        ArrayNode failed = answer.putArray("Failed");
        for (JsonNode entry : request.get("Entries")) {
            String id = entry.get("Id").asText();
            ObjectNode said = about.apply(entry, id);
            ObjectNode result = said == null ? JSON.createObjectNode() : said;
            result.put("Id", id);
            (result.has("Code") ? failed : ok).add(result);
        }
        return answer;
    }

    static ObjectNode sent(JsonNode entry, String id) {
        ObjectNode sent = JSON.createObjectNode()
                .put("MessageId", "sqs-" + id)
                .put("MD5OfMessageBody", md5(entry.get("MessageBody").asText()));
        if (entry.has("MessageGroupId")) {
            sent.put("SequenceNumber", "1885" + id);
        }
        if (entry.path("MessageAttributes").size() > 0) {
            sent.put("MD5OfMessageAttributes", md5(digestible(entry.get("MessageAttributes"))));
        }
        return sent;
    }

    /** Returns what SQS takes the digest of: names, types and values with their lengths, in the order of the names. All are text. */
    private static byte[] digestible(JsonNode attributes) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Map<String, JsonNode> sorted = new TreeMap<>();
        attributes.fields().forEachRemaining(each -> sorted.put(each.getKey(), each.getValue()));
        sorted.forEach((name, value) -> {
            add(bytes, name);
            add(bytes, value.get("DataType").asText());
            bytes.write(1);
            add(bytes, value.get("StringValue").asText());
        });
        return bytes.toByteArray();
    }

    private static void add(ByteArrayOutputStream bytes, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(utf8.length).array());
        bytes.writeBytes(utf8);
    }

    static ObjectNode failed(String code, boolean senderFault) {
        return JSON.createObjectNode()
                .put("Code", code)
                .put("Message", "scripted")
                .put("SenderFault", senderFault);
    }

    /** Returns a message as a receive brings it. */
    static ObjectNode message(String id, String receipt, String body, Map<String, String> attributes) {
        ObjectNode message = JSON.createObjectNode()
                .put("MessageId", id)
                .put("ReceiptHandle", receipt)
                .put("Body", body)
                .put("MD5OfBody", md5(body));
        ObjectNode system = message.putObject("Attributes");
        system.put("ApproximateReceiveCount", "1");
        system.put("SentTimestamp", "1700000000000");
        attributes.forEach(system::put);
        return message;
    }

    static ObjectNode message(String body) {
        return message("id-" + body, "receipt-" + body, body, Map.of());
    }

    private JsonNode receive(JsonNode request) {
        try {
            long wait =
                    Duration.ofSeconds(request.path("WaitTimeSeconds").asLong()).toMillis();
            List<ObjectNode> next = deliveries.poll(wait, TimeUnit.MILLISECONDS);
            ObjectNode answer = JSON.createObjectNode();
            ArrayNode messages = answer.putArray("Messages");
            if (next != null) {
                next.forEach(messages::add);
            }
            return answer;
        } catch (InterruptedException e) {
            throw CUT;
        }
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
            String target = exchange.getRequestHeaders().getFirst("X-Amz-Target");
            String action = target.substring(target.indexOf('.') + 1);
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            requests(action).add(request);
            try {
                respond(exchange, OK, scripts.get(action).apply(request).toString());
            } catch (Failure e) {
                respond(exchange, e.status, e.text);
            } catch (RuntimeException e) {
                if (e != CUT) {
                    throw e;
                }
            }
        }
    }

    private static void respond(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/x-amz-json-1.0");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    static String md5(String text) {
        return md5(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
