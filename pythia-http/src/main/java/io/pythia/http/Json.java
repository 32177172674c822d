package io.pythia.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads JSON that somebody else wrote: strictly, with Jackson's limits on depth, numbers and strings, and never into classes by name. */
final class Json {
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final int MAX_ITEMS = 100_000;

    private Json() {}

    /**
     * Returns a pointer (RFC 6901).
     *
     * @throws IllegalArgumentException if it is none
     */
    static JsonPointer pointer(String setting, String text) {
        try {
            return JsonPointer.compile(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(setting + " must be a JSON pointer such as /data/items, or empty", e);
        }
    }

    /** Returns the error of a parser without its text, which quotes what it read, and without itself as the cause; any other as it is. */
    static Exception withoutQuotes(Exception error) {
        if (!(error instanceof JsonProcessingException unreadable)) {
            return error;
        }
        JsonLocation at = unreadable.getLocation();
        return new IOException("not JSON: " + unreadable.getClass().getSimpleName()
                + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()));
    }

    /** Returns the value at a pointer as text, null if there is none, or it is null or no plain value. */
    static @Nullable String text(JsonNode root, JsonPointer pointer) {
        JsonNode node = root.at(pointer);
        return node.isValueNode() && !node.isNull() && !node.asText().isEmpty() ? node.asText() : null;
    }

    /**
     * Returns the elements of the array at a pointer, each byte for byte as it stands there: reading and writing it anew would change
     * numbers. None if there is null in its place.
     *
     * @throws IOException if it is not JSON, or there is no array
     */
    static List<byte[]> elements(byte[] utf8, JsonPointer pointer) throws IOException {
        List<byte[]> elements = new ArrayList<>();
        try (JsonParser parser = MAPPER.getFactory().createParser(utf8)) {
            parser.nextToken();
            if (!descend(parser, pointer)) {
                throw new IOException("the answer has no array at " + where(pointer));
            }
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                readElements(parser, utf8, elements);
            } else if (parser.currentToken() != JsonToken.VALUE_NULL) {
                throw new IOException("what the answer has at " + where(pointer) + " is no array");
            }
            // The rest must be JSON, too: an answer that was cut off is no answer.
            finish(parser);
        }
        return elements;
    }

    private static void finish(JsonParser parser) throws IOException {
        while (!parser.getParsingContext().inRoot()) {
            parser.nextToken();
        }
        if (parser.nextToken() != null) {
            throw new IOException("the answer has something behind its JSON");
        }
    }

    private static String where(JsonPointer pointer) {
        return pointer.matches() ? "its top" : pointer.toString();
    }

    private static boolean descend(JsonParser parser, JsonPointer pointer) throws IOException {
        JsonPointer rest = pointer;
        while (!rest.matches()) {
            boolean found = switch (parser.currentToken() == null ? JsonToken.NOT_AVAILABLE : parser.currentToken()) {
                case START_OBJECT -> toField(parser, rest.getMatchingProperty());
                case START_ARRAY -> toIndex(parser, rest.getMatchingIndex());
                default -> false;
            };
            if (!found) {
                return false;
            }
            rest = rest.tail();
        }
        return parser.currentToken() != null;
    }

    private static boolean toField(JsonParser parser, String name) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean wanted = name.equals(parser.currentName());
            parser.nextToken();
            if (wanted) {
                return true;
            }
            parser.skipChildren();
        }
        return false;
    }

    private static boolean toIndex(JsonParser parser, int index) throws IOException {
        for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
            if (i == index) {
                return true;
            }
            parser.skipChildren();
        }
        return false;
    }

    private static void readElements(JsonParser parser, byte[] utf8, List<byte[]> elements) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            int from = (int) parser.currentTokenLocation().getByteOffset();
            if (parser.currentToken().isStructStart()) {
                parser.skipChildren();
            } else {
                parser.finishToken();
            }
            int to = (int) parser.currentLocation().getByteOffset();
            elements.add(Arrays.copyOfRange(utf8, from, to));
            if (elements.size() > MAX_ITEMS) {
                throw new IOException("the answer has more than " + MAX_ITEMS + " items");
            }
        }
    }
}
