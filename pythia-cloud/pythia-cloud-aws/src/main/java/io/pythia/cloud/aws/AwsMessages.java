package io.pythia.cloud.aws;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.internal.Utf8;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a message and the body and attributes of SQS and SNS are to each other. A header that fits is an attribute of its own, so that
 * other programs and the filters of SNS see it. All that does not fit, and the id, the key and the order, is packed into one attribute,
 * {@link #PACKED}: the service takes ten attributes, keeps no order, and refuses some characters, empty values and odd names.
 */
final class AwsMessages {
    /** The attribute of all that does not fit; see {@link PackedHeaders}. */
    static final String PACKED = "pythia";

    /** The most that a message may have. */
    static final int MAX_ATTRIBUTES = 10;

    /** Stands for a body without a byte, which the services refuse. */
    private static final String EMPTY_BODY = "-";

    private static final String BASE64 = "base64";
    private static final String EMPTY = "empty";
    private static final Pattern NAME = Pattern.compile("(?!(?i:aws|amazon)\\.)[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");
    private static final int MAX_NAME = 256;

    /**
     * A message as it goes over the wire.
     *
     * @param body the body, not empty, of characters that the services take
     * @param attributes the attributes by their names
     * @param bytes what counts against the size limit
     * @param delaySeconds after how long a queue gives it out, null for the queue's own delay
     */
    record Wire(
            String body,
            Map<String, MessageAttribute> attributes,
            long bytes,
            @Nullable Integer delaySeconds) {

        Wire withDelay(@Nullable Integer seconds) {
            return seconds == null ? this : new Wire(body, attributes, bytes, seconds);
        }
    }

    /** A message as it came over the wire, apart from what only the one service has. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Read(
            byte[] body,
            Headers headers,
            @Nullable String id,
            @Nullable String key) {}

    private AwsMessages() {}

    /**
     * Returns a message as it goes over the wire.
     *
     * @param fixed attributes that every message gets, unless it has a header of that name
     * @param keyTravels whether the key is carried elsewhere
     */
    static Wire write(Message message, Map<String, MessageAttribute> fixed, boolean keyTravels) {
        PackedHeaders packed = new PackedHeaders();
        String text = Utf8.decode(message.body());
        String body;
        if (message.body().length == 0) {
            body = EMPTY_BODY;
            packed.put(PackedHeaders.BODY, EMPTY);
        } else if (text == null || !isLegal(text)) {
            body = Base64.getEncoder().encodeToString(message.body());
            packed.put(PackedHeaders.BODY, BASE64);
        } else {
            body = text;
        }
        if (message.hasExplicitId()) {
            packed.put(PackedHeaders.ID, message.id());
        }
        String key = message.key();
        if (key != null && !keyTravels) {
            packed.put(PackedHeaders.KEY, key);
        }
        Map<String, MessageAttribute> attributes = attributes(message.headers(), fixed, packed);
        return new Wire(body, attributes, size(message, body, attributes), null);
    }

    private static Map<String, MessageAttribute> attributes(
            Headers headers, Map<String, MessageAttribute> fixed, PackedHeaders packed) {
        if (headers.isEmpty() && !packed.isNeeded()) {
            return fixed;
        }
        Map<String, MessageAttribute> attributes = new LinkedHashMap<>(fixed);
        Set<String> several = severalTimes(headers);
        int room = MAX_ATTRIBUTES - 1;
        for (Headers.Header header : headers) {
            String value = Utf8.decode(header.value());
            boolean fits = value != null
                    && !value.isEmpty()
                    && isLegal(value)
                    && isName(header.name())
                    && !several.contains(header.name())
                    && (attributes.size() < room || attributes.containsKey(header.name()));
            if (fits) {
                attributes.put(header.name(), MessageAttribute.string(java.util.Objects.requireNonNull(value)));
                packed.addName(header.name());
            } else {
                packed.add(header);
            }
        }
        if (packed.isNeeded()) {
            attributes.put(PACKED, MessageAttribute.string(packed.write()));
        }
        return attributes;
    }

    private static Set<String> severalTimes(Headers headers) {
        Set<String> seen = new HashSet<>();
        Set<String> several = new HashSet<>();
        for (Headers.Header header : headers) {
            if (!seen.add(header.name())) {
                several.add(header.name());
            }
        }
        return several;
    }

    private static long size(Message message, String body, Map<String, MessageAttribute> attributes) {
        // A legal text has as many bytes as the message's body; base64 has one for each character.
        long size = Math.max(message.body().length, body.length());
        for (Map.Entry<String, MessageAttribute> each : attributes.entrySet()) {
            size += each.getKey().length()
                    + each.getValue().dataType().length()
                    + each.getValue().bytes().length;
        }
        return size;
    }

    /** Reads what {@link #write} wrote, or what another program sent: there every attribute is a header. */
    static Read read(String body, Map<String, MessageAttribute> attributes) {
        MessageAttribute ours = attributes.get(PACKED);
        PackedHeaders packed =
                ours == null || ours.stringValue() == null ? null : PackedHeaders.read(ours.stringValue());
        if (packed == null) {
            return new Read(body.getBytes(StandardCharsets.UTF_8), headers(attributes, Set.of()), null, null);
        }
        Headers.Builder headers = Headers.builder();
        Set<String> placed = new HashSet<>(Set.of(PACKED));
        packed.forEach((name, value) -> {
            MessageAttribute own = attributes.get(name);
            if (value != null) {
                headers.add(name, value);
            } else if (own != null) {
                headers.add(name, own.bytes());
                placed.add(name);
            }
        });
        headers.addAll(headers(attributes, placed));
        String encoding = packed.get(PackedHeaders.BODY);
        byte[] bytes = EMPTY.equals(encoding)
                ? new byte[0]
                : BASE64.equals(encoding) ? Base64.getDecoder().decode(body) : body.getBytes(StandardCharsets.UTF_8);
        return new Read(bytes, headers.build(), packed.get(PackedHeaders.ID), packed.get(PackedHeaders.KEY));
    }

    private static Headers headers(Map<String, MessageAttribute> attributes, Set<String> without) {
        if (attributes.isEmpty()) {
            return Headers.empty();
        }
        Headers.Builder headers = Headers.builder();
        attributes.forEach((name, attribute) -> {
            if (!without.contains(name) && !name.isEmpty()) {
                headers.add(name, attribute.bytes());
            }
        });
        return headers.build();
    }

    static boolean isName(String name) {
        return name.length() <= MAX_NAME
                && !name.equals(PACKED)
                && NAME.matcher(name).matches();
    }

    /** Returns whether the services take the text as it is: {@code #x9 #xA #xD #x20-#xD7FF #xE000-#xFFFD #x10000-#x10FFFF}. */
    static boolean isLegal(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' ? c != '\t' && c != '\n' && c != '\r' : c == '\uFFFE' || c == '\uFFFF') {
                return false;
            }
        }
        return true;
    }
}
