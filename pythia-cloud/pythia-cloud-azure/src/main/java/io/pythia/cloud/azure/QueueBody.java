package io.pythia.cloud.azure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.internal.Utf8;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What the text of a message of Storage Queue holds: the body alone, or an envelope with id, key, headers and time, which have no place
 * of their own.
 *
 * @param id the sender's id, null without an envelope
 * @param key the key, null for none
 * @param timestamp the sender's time, null without an envelope
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares two
record QueueBody(
        byte[] body,
        @Nullable String id,
        @Nullable String key,
        Headers headers,
        @Nullable Instant timestamp) {

    /** The most that a message may have, in bytes of UTF-8. */
    static final int MAX_TEXT = 65_536;

    private static final String MARK = "pythia";
    private static final int VERSION = 1;
    private static final String UNREADABLE = "its envelope can't be read";
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    // To the wire.

    /**
     * Returns the text for a message.
     *
     * @throws IllegalArgumentException that says why there is none
     */
    static String text(Message message, QueueEncoding encoding, boolean envelope) {
        byte[] body = envelope ? wrap(message) : message.body();
        if (encoding == QueueEncoding.BASE64) {
            return Base64.getEncoder().encodeToString(body);
        }
        return isPlain(body) ? new String(body, StandardCharsets.US_ASCII) : xmlText(body);
    }

    /**
     * Returns the bytes of the text for a message, in UTF-8.
     *
     * @throws IllegalArgumentException as {@link #text} does
     */
    static int size(Message message, QueueEncoding encoding, boolean envelope) {
        byte[] body = envelope ? wrap(message) : message.body();
        if (encoding == QueueEncoding.BASE64) {
            return (body.length + 2) / 3 * 4;
        }
        if (!isPlain(body)) {
            xmlText(body);
        }
        return body.length;
    }

    /** Returns whether it is ASCII that XML can carry: then no text need be made to know it. */
    private static boolean isPlain(byte[] body) {
        for (byte b : body) {
            if (b < ' ' && b != '\t' && b != '\n') {
                return false;
            }
        }
        return true;
    }

    private static String xmlText(byte[] body) {
        String text = Utf8.decode(body);
        if (text == null || !isXml(text)) {
            throw new IllegalArgumentException("its body is no text that XML can carry; use the encoding BASE64");
        }
        return text;
    }

    private static byte[] wrap(Message message) {
        ObjectNode json = JSON.createObjectNode();
        json.put(MARK, VERSION);
        json.put("id", message.id());
        json.put("time", message.timestamp().toString());
        if (message.key() != null) {
            json.put("key", message.key());
        }
        ArrayNode headers = json.putArray("headers");
        for (Headers.Header header : message.headers()) {
            ArrayNode pair = headers.addArray().add(header.name());
            String text = Utf8.decode(header.value());
            if (text != null) {
                pair.add(text);
            } else {
                pair.addObject().put("base64", header.value());
            }
        }
        String text = Utf8.decode(message.body());
        if (text != null) {
            json.put("body", text);
        } else {
            json.putObject("body").put("base64", message.body());
        }
        try {
            return JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("it can't be written as JSON"); // no cause: it may quote the body
        }
    }

    /** XML 1.0 turns a carriage return into a line feed, and has no other control characters but tab and line feed. */
    private static boolean isXml(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i); // surrogates come in pairs here: it was UTF-8
            if (c < ' ' ? c != '\t' && c != '\n' : c > 0xFFFD) {
                return false;
            }
        }
        return true;
    }

    // From the wire.

    /** Returns what cannot be decoded: its text as it is. */
    static QueueBody raw(String text) {
        return new QueueBody(text.getBytes(StandardCharsets.UTF_8), null, null, Headers.empty(), null);
    }

    /**
     * Takes a text apart.
     *
     * @throws IllegalArgumentException if it was not written with this encoding; the text says nothing of the body
     */
    static QueueBody of(String text, QueueEncoding encoding, boolean envelope) {
        byte[] body = encoding == QueueEncoding.BASE64 ? fromBase64(text) : text.getBytes(StandardCharsets.UTF_8);
        return envelope ? unwrap(body) : new QueueBody(body, null, null, Headers.empty(), null);
    }

    private static byte[] fromBase64(String text) {
        try {
            return Base64.getDecoder().decode(text.strip());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("it is no Base64; does the sender use the encoding TEXT?");
        }
    }

    private static QueueBody unwrap(byte[] body) {
        try {
            JsonNode json = JSON.readTree(body);
            if (json.path(MARK).asInt() != VERSION || !json.path("id").isTextual()) {
                throw new IllegalArgumentException("it has no envelope; does the sender use none?");
            }
            Headers.Builder headers = Headers.builder();
            for (JsonNode pair : json.path("headers")) {
                headers.add(pair.path(0).asText(), bytes(pair.path(1)));
            }
            JsonNode key = json.path("key");
            return new QueueBody(
                    bytes(json.path("body")),
                    json.path("id").asText(),
                    key.isTextual() ? key.asText() : null,
                    headers.build(),
                    Instant.parse(json.path("time").asText()));
        } catch (IOException | DateTimeException e) {
            throw new IllegalArgumentException(UNREADABLE); // no cause: it quotes the body
        }
    }

    private static byte[] bytes(JsonNode value) throws IOException {
        if (!value.isObject()) {
            return value.asText().getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = value.path("base64").binaryValue();
        if (bytes == null) {
            throw new IllegalArgumentException(UNREADABLE);
        }
        return bytes;
    }
}
