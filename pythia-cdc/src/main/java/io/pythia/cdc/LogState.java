package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pythia.FirstRun;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A place in the log of one server, and in the snapshot before it. Not thread-safe. */
final class LogState {
    private static final int VERSION = 1;

    /** The place in one table of the snapshot. */
    static final class TableState {
        /** The key of the last row; null at the beginning. */
        @Nullable
        List<Object> after;

        boolean done;
    }

    final String system;
    final String slot;
    /** Everything before it is acknowledged. */
    long lsn;
    /** Whether the rows that were there at the beginning are still being read. */
    boolean inSnapshot;
    /** Why the place counts no more, so that all rows must be read anew; null if it counts. */
    @Nullable
    String lost;

    private final Map<String, TableState> tables = new HashMap<>();

    /** Which tables the place is of; null if that was not stored. */
    private @Nullable Set<String> known;

    LogState(String system, String slot, long lsn, boolean inSnapshot) {
        this.system = system;
        this.slot = slot;
        this.lsn = lsn;
        this.inSnapshot = inSnapshot;
    }

    TableState table(String name) {
        return tables.computeIfAbsent(name, key -> new TableState());
    }

    /**
     * Enters which tables the place is of from now on. Of those that are new to it the rows that are there are read, if the first run is to
     * do so.
     *
     * @param published the tables that were published just now, which are new to a place that does not say which tables it is of
     * @return whether there are new ones
     */
    boolean enterTables(Collection<String> names, Collection<String> published, FirstRun firstRun) {
        boolean withRows = firstRun == FirstRun.ALL;
        Set<String> added = new TreeSet<>(known == null ? published : names);
        if (known != null) {
            added.removeAll(known);
        }
        if (!added.isEmpty() && withRows && !inSnapshot) {
            inSnapshot = true;
            names.forEach(name -> table(name).done = true);
        }
        added.forEach(name -> table(name).done = !withRows);
        known = new TreeSet<>(names);
        return !added.isEmpty();
    }

    void endSnapshot() {
        inSnapshot = false;
        tables.clear();
    }

    /**
     * Returns the state that a text has.
     *
     * @throws JsonProcessingException if the text is none of ours
     */
    static LogState read(String text) throws JsonProcessingException {
        JsonNode root = ChangeJson.MAPPER.readTree(text);
        if (root.path("version").asInt() != VERSION || !root.path("lsn").isTextual()) {
            throw new JsonProcessingException("it has no version that is known here") {
                private static final long serialVersionUID = 1L;
            };
        }
        LogState state = new LogState(
                root.path("system").asText(),
                root.path("slot").asText(),
                Lsn.parse(root.path("lsn").asText()),
                root.has("snapshot"));
        state.lost = root.path("lost").textValue();
        if (root.has("tables")) {
            Set<String> names = new TreeSet<>();
            root.path("tables").forEach(name -> names.add(name.asText()));
            state.known = names;
        }
        root.path("snapshot").properties().forEach(each -> {
            TableState table = state.table(each.getKey());
            table.done = each.getValue().path("done").asBoolean();
            if (each.getValue().path("after").isArray()) {
                List<Object> after = new ArrayList<>();
                each.getValue().path("after").forEach(value -> after.add(value.asText()));
                table.after = after;
            }
        });
        return state;
    }

    String write() {
        ObjectNode root = ChangeJson.MAPPER.createObjectNode().put("version", VERSION);
        root.put("system", system).put("slot", slot).put("lsn", Lsn.text(lsn));
        if (lost != null) {
            root.put("lost", lost);
        }
        if (known != null) {
            ArrayNode names = root.putArray("tables");
            known.forEach(names::add);
        }
        if (inSnapshot) {
            ObjectNode all = root.putObject("snapshot");
            tables.forEach((name, table) -> {
                ObjectNode node = all.putObject(name).put("done", table.done);
                if (table.after != null) {
                    ArrayNode after = node.putArray("after");
                    table.after.forEach(value -> after.add(value.toString()));
                }
            });
        }
        return root.toString();
    }
}
