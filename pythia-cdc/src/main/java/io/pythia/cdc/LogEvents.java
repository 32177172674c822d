package io.pythia.cdc;

import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.cdc.PgOutput.Begin;
import io.pythia.cdc.PgOutput.Images;
import io.pythia.cdc.PgOutput.LogColumn;
import io.pythia.cdc.PgOutput.Relation;
import io.pythia.cdc.PgOutput.Row;
import io.pythia.cdc.PgOutput.RowChange;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes events of what the log says. */
final class LogEvents {
    private LogEvents() {}

    /**
     * Returns the event of a row.
     *
     * @param key the names of the primary key's columns as the catalogue had them, for tables whose replica identity is the whole row
     * @param number its number in the transaction
     */
    static ChangeEvent of(Begin transaction, long number, RowChange change, List<String> key) {
        Images images = PgOutput.images(change);
        Relation relation = change.relation();
        Map<String, @Nullable Object> before = values(images.before());
        Map<String, @Nullable Object> after = values(images.after());
        return new ChangeEvent(
                relation.schema(),
                relation.name(),
                change.operation(),
                key(relation, key, after != null ? after : before, before),
                before,
                after,
                images.after() == null ? List.of() : images.after().unchanged(),
                types(relation, after != null ? after : before),
                transaction.time(),
                position(transaction, number),
                Long.toString(transaction.xid()));
    }

    static ChangeEvent truncate(Begin transaction, long number, Relation relation) {
        return new ChangeEvent(
                relation.schema(),
                relation.name(),
                Operation.TRUNCATE,
                Map.of(),
                null,
                null,
                List.of(),
                Map.of(),
                transaction.time(),
                position(transaction, number),
                Long.toString(transaction.xid()));
    }

    /** Many changes share one LSN; the commit's and a number are one change's own, and the same when it comes again. */
    private static String position(Begin transaction, long number) {
        return Lsn.text(transaction.commitLsn()) + "/" + number;
    }

    private static @Nullable Map<String, @Nullable Object> values(@Nullable Row row) {
        return row == null ? null : row.values();
    }

    /** A key's column may be large and unchanged: then the image before has it. */
    private static Map<String, @Nullable Object> key(
            Relation relation,
            List<String> primary,
            @Nullable Map<String, @Nullable Object> row,
            @Nullable Map<String, @Nullable Object> before) {
        Map<String, @Nullable Object> key = new LinkedHashMap<>();
        for (LogColumn column : relation.columns()) {
            boolean part = relation.isFull() ? primary.contains(column.name()) : column.isIdentity();
            if (part && row != null) {
                Object value = row.get(column.name());
                key.put(column.name(), value == null && before != null ? before.get(column.name()) : value);
            }
        }
        return key;
    }

    private static Map<String, String> types(Relation relation, @Nullable Map<String, @Nullable Object> row) {
        Map<String, String> types = new LinkedHashMap<>();
        for (LogColumn column : relation.columns()) {
            if (column.kind() == Column.Kind.OTHER && row != null && row.get(column.name()) != null) {
                types.put(column.name(), column.typeName());
            }
        }
        return types;
    }
}
