package io.pythia.cdc;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One change of one table. Immutable.
 *
 * <p>Values are what JSON has: {@code Long} (or {@code BigInteger}), {@code BigDecimal}, {@code Double}, {@code Boolean}, {@code String} and
 * null. Times are ISO-8601 texts, bytes are Base64, and types that are not known are the database's own text; {@code types} names those.
 *
 * @param schema the schema, or the database on MariaDB and MySQL; empty where there is none
 * @param table the table
 * @param operation what happened
 * @param key the primary key's columns; empty if there is none, and for a truncate
 * @param before the row before; null if it is not known: in the log what the table's replica identity has, in polling nothing but for
 *     deletes
 * @param after the row after; null for a delete and a truncate
 * @param unchanged columns that are missing in {@code after} because their large (TOASTed) value was not changed and so is not in the log
 * @param types columns whose values are the database's text because their type is not known here, with the type's name
 * @param commitTime when it was committed; in polling, the value of the column that says when the row was changed, or the time of the poll
 * @param position the place: in the log {@code LSN of the commit/number in the transaction}, in polling the cursor, and where an overlap
 *     is read again (not on PostgreSQL) a hash of the row behind {@code #}
 * @param transaction the transaction's id, null if it is not known
 */
public record ChangeEvent(
        String schema,
        String table,
        Operation operation,
        Map<String, @Nullable Object> key,
        @Nullable Map<String, @Nullable Object> before,
        @Nullable Map<String, @Nullable Object> after,
        List<String> unchanged,
        Map<String, String> types,
        Instant commitTime,
        String position,
        @Nullable String transaction) {

    /** What happened to a row. */
    public enum Operation {
        /** It is new. */
        INSERT,
        /** It was changed. */
        UPDATE,
        /** It is gone. */
        DELETE,
        /** All rows are gone at once. */
        TRUNCATE,
        /** It was there when the log was begun to be read. */
        READ,
        /** It is new or was changed: a poll without a column of creation times can't tell. */
        UPSERT
    }

    /** Checks that nothing needed is null, and copies. */
    public ChangeEvent {
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(operation, "operation");
        Objects.requireNonNull(commitTime, "commitTime");
        Objects.requireNonNull(position, "position");
        key = copy(key);
        before = before == null ? null : copy(before);
        after = after == null ? null : copy(after);
        unchanged = List.copyOf(unchanged);
        types = Map.copyOf(types);
    }

    /** Keeps the order of the columns, and nulls. */
    private static Map<String, @Nullable Object> copy(Map<String, @Nullable Object> row) {
        return row instanceof RowMap ? row : Collections.unmodifiableMap(new LinkedHashMap<>(row));
    }

    /** Returns the schema and the table with a dot between, or the table alone where there is no schema. */
    public String qualifiedTable() {
        return schema.isEmpty() ? table : schema + "." + table;
    }

    /** Returns the row as it is known: after the change, or before it if it is gone; null for a truncate. */
    public @Nullable Map<String, @Nullable Object> row() {
        return after != null ? after : before;
    }
}
