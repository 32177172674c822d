package io.pythia.cloud.aws;

import io.pythia.Headers;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What does not fit into attributes of its own, as one line of ASCII: {@code id=..&key=..&body=base64&n=..&h=..&v=..}. The headers stand
 * there in their order: {@code n} is the name of one that is an attribute, {@code h} the name of one that is not, and {@code v} (text)
 * or {@code b} (base64) its value. Names and values are encoded like those of a web form. Not thread-safe.
 */
final class PackedHeaders {
    static final String ID = "id";
    static final String KEY = "key";
    static final String BODY = "body";

    private static final String NAME = "n";
    private static final String HEADER = "h";
    private static final String TEXT = "v";
    private static final String BINARY = "b";

    private record Entry(String name, byte @Nullable [] value) {}

    private final Map<String, String> fields = new LinkedHashMap<>();
    private final List<Entry> headers = new ArrayList<>();

    void put(String field, String value) {
        fields.put(field, value);
    }

    @Nullable
    String get(String field) {
        return fields.get(field);
    }

    /** Adds a header that is an attribute of its own. */
    void addName(String name) {
        headers.add(new Entry(name, null));
    }

    void add(Headers.Header header) {
        headers.add(new Entry(header.name(), header.value()));
    }

    /** Returns whether attributes alone would not tell: more than the order of a single one. */
    boolean isNeeded() {
        return !fields.isEmpty() || headers.size() > 1 || (headers.size() == 1 && headers.get(0).value != null);
    }

    /** Gives each header in order: its name, and its value or null if that is in an attribute. */
    void forEach(BiConsumer<String, byte @Nullable []> action) {
        headers.forEach(each -> action.accept(each.name, each.value));
    }

    String write() {
        StringBuilder line = new StringBuilder();
        fields.forEach((field, value) -> pair(line, field, value));
        for (Entry each : headers) {
            byte[] value = each.value;
            pair(line, value == null ? NAME : HEADER, each.name);
            if (value != null) {
                String text = new String(value, StandardCharsets.UTF_8);
                if (java.util.Arrays.equals(text.getBytes(StandardCharsets.UTF_8), value)) {
                    pair(line, TEXT, text);
                } else {
                    pair(line, BINARY, Base64.getEncoder().encodeToString(value));
                }
            }
        }
        return line.toString();
    }

    private static void pair(StringBuilder line, String field, String value) {
        line.append(line.isEmpty() ? "" : "&")
                .append(field)
                .append('=')
                .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
    }

    /** Reads a line; null if it is not one of ours: an attribute of that name may be another program's. */
    static @Nullable PackedHeaders read(String line) {
        PackedHeaders packed = new PackedHeaders();
        try {
            String header = null;
            for (String pair : line.split("&", -1)) {
                int equals = pair.indexOf('=');
                String field = pair.substring(0, Math.max(0, equals));
                String value = URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8);
                switch (field) {
                    case ID, KEY, BODY -> packed.fields.put(field, value);
                    case NAME -> packed.addName(notEmpty(value));
                    case HEADER -> header = notEmpty(value);
                    case TEXT ->
                        packed.headers.add(
                                new Entry(Objects.requireNonNull(header), value.getBytes(StandardCharsets.UTF_8)));
                    case BINARY ->
                        packed.headers.add(new Entry(
                                Objects.requireNonNull(header),
                                Base64.getDecoder().decode(value)));
                    default -> {
                        return null;
                    }
                }
            }
        } catch (IllegalArgumentException | NullPointerException e) {
            return null;
        }
        return packed;
    }

    private static String notEmpty(String name) {
        if (name.isEmpty()) {
            throw new IllegalArgumentException("a header without a name");
        }
        return name;
    }
}
