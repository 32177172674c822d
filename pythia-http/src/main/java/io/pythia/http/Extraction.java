package io.pythia.http;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.Headers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How the messages are taken out of an answer. Immutable and thread-safe. */
public final class Extraction {
    /** Takes an answer apart. */
    interface Split {
        List<byte[]> split(PollResponse response) throws IOException;
    }

    /**
     * An item, or what can't be read as one.
     *
     * @param isWholeAnswer whether it stands for an answer that could not be taken apart
     */
    record Extracted(
            PollItem item, @Nullable String since, @Nullable Exception poison, boolean isWholeAnswer) {
        Extracted(PollItem item, @Nullable String since, @Nullable Exception poison) {
            this(item, since, poison, false);
        }
    }

    private final @Nullable Split split;
    private final @Nullable Function<PollResponse, List<PollItem>> function;
    private final boolean json;

    private Extraction(@Nullable Split split, @Nullable Function<PollResponse, List<PollItem>> function, boolean json) {
        this.split = split;
        this.function = function;
        this.json = json;
    }

    /** Returns that the body as a whole is one message, byte for byte; an empty one is none. */
    public static Extraction wholeBody() {
        return new Extraction(response -> List.of(response.body()), null, false);
    }

    /** Returns that each element of a JSON array is a message, byte for byte as it stands there, in UTF-8. */
    public static Extraction jsonArray(String pointer) {
        JsonPointer compiled = Json.pointer("extract", pointer);
        return new Extraction(response -> Json.elements(response.utf8(), compiled), null, true);
    }

    /** Returns that each line is a message, in UTF-8, if it is JSON; one that is not goes to the dead letters. Blank lines are none. */
    public static Extraction ndjson() {
        return new Extraction(response -> lines(response.utf8()), null, true);
    }

    /** Returns that a function says which messages there are. What it throws makes the answer as a whole a poison message. */
    public static Extraction custom(Function<PollResponse, List<PollItem>> function) {
        return new Extraction(null, Objects.requireNonNull(function, "function"), false);
    }

    private static List<byte[]> lines(byte[] utf8) {
        List<byte[]> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i <= utf8.length; i++) {
            if (i == utf8.length || utf8[i] == '\n') {
                int to = i > from && utf8[i - 1] == '\r' ? i - 1 : i;
                byte[] line = Arrays.copyOfRange(utf8, from, to);
                if (!isBlank(line)) {
                    lines.add(line);
                }
                from = i + 1;
            }
        }
        return lines;
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t') {
                return false;
            }
        }
        return true;
    }

    /** Returns the items of an answer; an answer that can't be taken apart is one poison item. */
    List<Extracted> apply(PollResponse response, ItemPointers pointers) {
        try {
            List<Extracted> items = new ArrayList<>();
            if (function != null) {
                for (PollItem item : function.apply(response)) {
                    items.add(new Extracted(
                            item,
                            item.timestamp() == null ? null : item.timestamp().toString(),
                            null));
                }
            } else if (response.body().length > 0) { // 204, or nothing new
                for (byte[] body : Objects.requireNonNull(split).split(response)) {
                    items.add(item(body, response, pointers));
                }
            }
            return items;
        } catch (IOException | RuntimeException e) {
            PollItem whole = new PollItem(null, null, headers(response), null, response.body());
            return List.of(new Extracted(whole, null, Json.withoutQuotes(e), true));
        }
    }

    private Extracted item(byte[] body, PollResponse response, ItemPointers pointers) {
        Headers headers = headers(response);
        if (!json && pointers.areEmpty()) {
            return new Extracted(new PollItem(null, null, headers, null, body), null, null);
        }
        try {
            JsonNode root = Json.MAPPER.readTree(body);
            String since = at(root, pointers.since());
            PollItem item = new PollItem(
                    at(root, pointers.id()), at(root, pointers.key()), headers, Since.instant(since), body);
            return new Extracted(item, since, null);
        } catch (IOException e) {
            return new Extracted(new PollItem(null, null, headers, null, body), null, Json.withoutQuotes(e));
        }
    }

    private static @Nullable String at(JsonNode root, @Nullable JsonPointer pointer) {
        return pointer == null ? null : Json.text(root, pointer);
    }

    private static Headers headers(PollResponse response) {
        String type = response.header("content-type");
        return type == null ? Headers.empty() : Headers.of("content-type", type);
    }

    /** Where in an item its id, its key and its time are. */
    record ItemPointers(
            @Nullable JsonPointer id,
            @Nullable JsonPointer key,
            @Nullable JsonPointer since) {
        boolean areEmpty() {
            return id == null && key == null && since == null;
        }
    }
}
