package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A place in all tables of a consumer. A round reads, of each table, what has changed since the round before; on PostgreSQL that is what
 * the transactions of a window wrote. Not thread-safe: each owner has its own.
 */
final class PollState {
    private static final int VERSION = 1;

    /** A place in the order of a table's rows. Its values are made when they are asked for: most places are only passed. */
    interface Cursor {
        List<Object> values();
    }

    /** A place in one table. */
    static final class TableState {
        /** The last row in the round that is under way; null at its beginning. */
        @Nullable
        Cursor after;

        /** The greatest value of the column of changes so far; null if there was no row yet. */
        @Nullable
        Object newest;

        /** Whether the round has read this table to its end. */
        boolean done;

        /** Where the windows of a table begin that was added later, 0 for at all of its rows; null when it is in step with the others. */
        @Nullable
        Long fromXid;
    }

    /** The window's first transaction; 0 before the first round. */
    long fromXid;
    /** The first transaction behind the window; 0 if no round is under way. */
    long toXid;

    private final Map<String, TableState> tables = new HashMap<>();
    /** What was read of late, as it was stored at an orderly end; only where there are no windows. */
    private Set<String> recent = Set.of();

    TableState table(String name) {
        TableState known = tables.get(name);
        return known != null ? known : tables.computeIfAbsent(name, key -> new TableState());
    }

    Set<String> recent() {
        return recent;
    }

    boolean has(String table) {
        return tables.containsKey(table);
    }

    boolean hasOthers(Set<String> names) {
        return !names.containsAll(tables.keySet());
    }

    /** Forgets all tables but these. */
    void keepOnly(Set<String> names) {
        tables.keySet().retainAll(names);
    }

    /** Returns where the window of a table begins, 0 for at all of its rows. */
    long fromXid(TableState table) {
        return table.fromXid == null ? fromXid : table.fromXid;
    }

    /** Returns whether a table has to catch up with what was written before a transaction. */
    boolean isBehind(long xid) {
        return tables.values().stream().anyMatch(table -> fromXid(table) < xid);
    }

    /** Returns the greatest number of a transaction in it. */
    long furthest() {
        long ofTables = tables.values().stream()
                .mapToLong(table -> table.fromXid == null ? 0 : table.fromXid)
                .max()
                .orElse(0);
        return Math.max(ofTables, Math.max(fromXid, toXid));
    }

    /** The round has read everything. */
    void endRound() {
        fromXid = toXid;
        toXid = 0;
        tables.values().forEach(table -> {
            table.after = null;
            table.done = false;
            if (table.fromXid != null && table.fromXid <= fromXid) {
                table.fromXid = null;
            }
        });
    }

    /**
     * Returns the state that a text has.
     *
     * @throws JsonProcessingException if the text is none of ours
     */
    static PollState read(String text) throws JsonProcessingException {
        JsonNode root = ChangeJson.MAPPER.readTree(text);
        if (root.path("version").asInt() != VERSION || !root.path("tables").isObject()) {
            throw new JsonProcessingException("it has no version that is known here") {
                private static final long serialVersionUID = 1L;
            };
        }
        PollState state = new PollState();
        state.fromXid = root.path("fromXid").asLong();
        state.toXid = root.path("toXid").asLong();
        root.path("tables").properties().forEach(each -> readTable(each.getValue(), state.table(each.getKey())));
        Set<String> recent = new HashSet<>();
        root.path("recent").forEach(each -> recent.add(each.asText()));
        state.recent = recent;
        return state;
    }

    private static void readTable(JsonNode node, TableState table) {
        table.newest = value(node.path("newest"));
        table.done = node.path("done").asBoolean();
        table.fromXid = node.has("fromXid") ? node.path("fromXid").asLong() : null;
        if (node.path("after").isArray()) {
            List<Object> after = new ArrayList<>();
            node.path("after").forEach(each -> after.add(java.util.Objects.requireNonNull(value(each))));
            table.after = () -> after;
        }
    }

    private static @Nullable Object value(JsonNode node) {
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return node.asLong();
        }
        if (node.isNumber()) {
            return node.decimalValue();
        }
        return node.isBoolean() ? (Object) node.asBoolean() : node.isTextual() ? node.asText() : null;
    }

    String write(Collection<String> seenOfLate) {
        StringWriter text = new StringWriter(256);
        try (JsonGenerator json = ChangeJson.MAPPER.getFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeNumberField("fromXid", fromXid);
            json.writeNumberField("toXid", toXid);
            json.writeObjectFieldStart("tables");
            for (Map.Entry<String, TableState> each : tables.entrySet()) {
                json.writeObjectFieldStart(each.getKey());
                writeTable(json, each.getValue());
                json.writeEndObject();
            }
            json.writeEndObject();
            if (!seenOfLate.isEmpty()) {
                json.writeArrayFieldStart("recent");
                for (String each : seenOfLate) {
                    json.writeString(each);
                }
                json.writeEndArray();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // there is no I/O
        }
        return text.toString();
    }

    private static void writeTable(JsonGenerator json, TableState table) throws IOException {
        json.writeBooleanField("done", table.done);
        if (table.fromXid != null) {
            json.writeNumberField("fromXid", table.fromXid);
        }
        json.writeFieldName("newest");
        ChangeJson.writeValue(json, table.newest);
        if (table.after != null) {
            json.writeArrayFieldStart("after");
            for (Object value : table.after.values()) {
                ChangeJson.writeValue(json, value);
            }
            json.writeEndArray();
        }
    }
}
