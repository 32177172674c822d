package io.pythia.redis;

import io.pythia.Headers;
import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the fields of a stream's entry and a message are to each other. A message becomes a field {@code body}, a field for its key and its
 * id if it has them, and a field for each header, in this order. An entry of another program is read the same way: whatever is not one
 * of the three is a header.
 */
final class RedisMessages {
    /** Carries the key. */
    static final String KEY_FIELD = "pythia-key";
    /** Carries the id of a message whose sender chose one. */
    static final String ID_FIELD = "pythia-id";
    /** Stands before the name of a header that is called like one of the fields, or begins so. */
    static final String ESCAPE = "pythia-header:";

    private static final byte[] KEY = RedisConnections.bytes(KEY_FIELD);
    private static final byte[] ID = RedisConnections.bytes(ID_FIELD);
    private static final byte[] EMPTY = {};

    private RedisMessages() {}

    /** Returns names and values of a message's fields. */
    static Object[] fields(Message message, byte[] bodyField) {
        if (message.key() == null
                && !message.hasExplicitId()
                && message.headers().isEmpty()) {
            return new Object[] {bodyField, message.body()};
        }
        List<byte[]> fields = new ArrayList<>(6);
        fields.add(bodyField);
        fields.add(message.body());
        String key = message.key();
        if (key != null) {
            fields.add(KEY);
            fields.add(RedisConnections.bytes(key));
        }
        if (message.hasExplicitId()) {
            fields.add(ID);
            fields.add(RedisConnections.bytes(message.id()));
        }
        Headers headers = message.headers();
        if (!headers.isEmpty()) {
            for (Headers.Header each : headers) {
                byte[] name = RedisConnections.bytes(each.name());
                fields.add(isOurs(name, bodyField) ? RedisConnections.bytes(ESCAPE + each.name()) : name);
                fields.add(each.value());
            }
        }
        return fields.toArray();
    }

    private static boolean isOurs(byte[] name, byte[] bodyField) {
        return Arrays.equals(name, KEY)
                || Arrays.equals(name, ID)
                || Arrays.equals(name, bodyField)
                || text(name).startsWith(ESCAPE);
    }

    /** Returns the body of an entry that has no field of that name: the only field's value, else nothing. */
    static byte[] bodyWithoutName(Map<byte[], byte[]> fields) {
        return fields.size() == 1 ? fields.values().iterator().next() : EMPTY;
    }

    /** Returns the key, or null. */
    static @Nullable String key(Map<byte[], byte[]> fields) {
        byte[] name = first(fields, KEY);
        return name == null ? null : text(value(fields, name));
    }

    /** Returns the id that the sender chose, or null. */
    static @Nullable String id(Map<byte[], byte[]> fields) {
        byte[] name = first(fields, ID);
        byte[] id = name == null ? EMPTY : value(fields, name);
        return id.length == 0 ? null : text(id);
    }

    /** Returns the headers: all fields but the first of each of the three names, and those without a name, which a header must have. */
    static Headers headers(Map<byte[], byte[]> fields, byte[] bodyField) {
        byte[] body = first(fields, bodyField);
        byte[] key = first(fields, KEY);
        byte[] id = first(fields, ID);
        Headers.Builder headers = Headers.builder();
        fields.forEach((name, value) -> {
            // By identity: a second field of such a name is a header of another program.
            if (name != body && name != key && name != id && name.length > 0) {
                String text = text(name);
                headers.add(text.startsWith(ESCAPE) ? unescaped(text) : text, value);
            }
        });
        return headers.build();
    }

    private static String unescaped(String name) {
        String rest = name.substring(ESCAPE.length());
        return rest.isEmpty() ? name : rest;
    }

    /** Returns the first name that is that one. The client's map is one by identity: it keeps the order, and two of the same name. */
    private static byte @Nullable [] first(Map<byte[], byte[]> fields, byte[] wanted) {
        for (byte[] name : fields.keySet()) {
            if (Arrays.equals(name, wanted)) {
                return name;
            }
        }
        return null;
    }

    private static byte[] value(Map<byte[], byte[]> fields, byte[] name) {
        return java.util.Objects.requireNonNull(fields.get(name));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
