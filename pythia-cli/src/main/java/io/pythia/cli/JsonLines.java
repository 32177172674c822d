package io.pythia.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pythia.Headers;
import io.pythia.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;

/**
 * A message as one line of JSON, without loss: {@code {"id":..,"key":..,"headers":{"name":"value","multi":["a","b"]},"body":".."}}. A body
 * that is not UTF-8 is in Base64, with {@code "encoding":"base64"}; what a header's value loses is not UTF-8 either and becomes U+FFFD.
 */
final class JsonLines {
    private static final Set<String> FIELDS =
            Set.of("id", "key", "headers", "body", "encoding", "timestamp", "source", "attempt");
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonParser.Feature.AUTO_CLOSE_SOURCE)
            .build();

    private JsonLines() {}

    static byte[] write(Message message) {
        ObjectNode line = JSON.createObjectNode();
        line.put("id", message.id());
        if (message.key() != null) {
            line.put("key", message.key());
        }
        if (!message.headers().isEmpty()) {
            ObjectNode headers = line.putObject("headers");
            for (String name : message.headers().names()) {
                var values = message.headers().all(name);
                if (values.size() == 1) {
                    headers.put(name, values.get(0));
                } else {
                    ArrayNode array = headers.putArray(name);
                    values.forEach(array::add);
                }
            }
        }
        line.put("timestamp", message.timestamp().toString());
        line.put("source", message.source());
        line.put("attempt", message.attempt());
        try {
            line.put(
                    "body",
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(message.body()))
                            .toString());
        } catch (CharacterCodingException e) {
            line.put("encoding", "base64").put("body", Base64.getEncoder().encodeToString(message.body()));
        }
        try {
            return JSON.writeValueAsBytes(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree that can't be written", e);
        }
    }

    /** Reads a message to send; throws an {@link IllegalArgumentException} that says what is wrong with the line. */
    static Message read(byte[] line) {
        JsonNode tree;
        try {
            tree = JSON.readTree(line);
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON"
                    + (e instanceof JsonProcessingException j && j.getLocation() != null
                            ? " at column " + j.getLocation().getColumnNr()
                            : ""));
        }
        if (tree == null || !tree.isObject()) {
            throw new IllegalArgumentException("not a JSON object");
        }
        tree.properties().forEach(field -> {
            if (!FIELDS.contains(field.getKey())) {
                throw new IllegalArgumentException("a field that is none of id, key, headers, body and encoding");
            }
        });
        Message.Builder message = Message.builder().body(body(tree));
        if (tree.hasNonNull("id")) {
            message.id(text(tree, "id"));
        }
        if (tree.hasNonNull("key")) {
            message.key(text(tree, "key"));
        }
        return message.headers(headers(tree.path("headers"))).build();
    }

    private static byte[] body(JsonNode tree) {
        JsonNode body = tree.path("body");
        if (body.isMissingNode() || body.isNull()) {
            return new byte[0];
        }
        if ("base64".equals(tree.path("encoding").asText(""))) {
            try {
                return Base64.getDecoder().decode(text(tree, "body"));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("a body that is not Base64");
            }
        }
        return (body.isTextual() ? body.textValue() : body.toString()).getBytes(StandardCharsets.UTF_8);
    }

    private static Headers headers(JsonNode tree) {
        Headers.Builder headers = Headers.builder();
        tree.properties().forEach(field -> {
            if (field.getValue().isArray()) {
                field.getValue().forEach(value -> headers.add(field.getKey(), value.asText()));
            } else {
                headers.add(field.getKey(), field.getValue().asText());
            }
        });
        return headers.build();
    }

    private static String text(JsonNode tree, String field) {
        if (!tree.get(field).isTextual()) {
            throw new IllegalArgumentException("a " + field + " that is not text");
        }
        return tree.get(field).textValue();
    }
}
