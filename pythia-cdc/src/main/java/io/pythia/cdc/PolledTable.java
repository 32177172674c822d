package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.cdc.ChangeRecord.OutboxColumns;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A table that is polled: how it is read, and how its rows become events. */
final class PolledTable {
    private static final DateTimeFormatter SECONDS = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");

    final TableSchema schema;
    final PollQuery query;
    private final RowShape shape;
    final OutboxColumns outbox;
    private final String name;
    private final Column updated;
    private final @Nullable Column created;
    private final @Nullable Column deleted;

    /** Null unless this is the log of deletes. */
    private final @Nullable DeleteLog deletes;

    /** Half a time: rows that change later may have the same one, or an earlier one. */
    private static final Set<Column.Kind> IN_A_DAY = EnumSet.of(Column.Kind.DATE, Column.Kind.TIME);

    private PolledTable(
            TableSchema schema, PollQuery query, CdcConfig config, Column updated, @Nullable DeleteLog deletes) {
        this.deletes = deletes;
        this.schema = schema;
        this.name = schema.qualified();
        this.query = query;
        this.shape = new RowShape(schema);
        this.updated = updated;
        this.outbox = OutboxColumns.of(config, schema);
        this.created = schema.column(config.createdColumn());
        this.deleted = config.deletedColumn() == null ? null : schema.column(config.deletedColumn());
    }

    /**
     * Looks a table up.
     *
     * @throws BrokerException if it lacks a primary key or one of the columns, or if its changes have no order
     */
    static PolledTable find(Connection connection, Database database, CdcConfig config, String name)
            throws SQLException {
        TableSchema found = Tables.find(connection, database.dialect(), name);
        List<Column> visible = database.dialect() == Dialect.POSTGRESQL
                ? found.columns()
                : PollQuery.visible(connection, database, found);
        TableSchema schema = found.beginningWith(visible);
        if (schema.key().isEmpty()) {
            throw new BrokerException("the table " + schema.qualified() + " has no primary key, which polling needs");
        }
        Column updated = required(schema, "updated-column", config.updatedColumn());
        if (database.dialect() != Dialect.POSTGRESQL && IN_A_DAY.contains(updated.kind())) {
            throw new BrokerException("the column " + updated.name() + " of " + schema.qualified() + " is a "
                    + updated.kind() + ", which does not tell whether a row changed after the last one that was read;"
                    + " see the setting updated-column: take a column with day and time, or a number that grows");
        }
        if (config.deletedColumn() != null) {
            required(schema, "deleted-column", config.deletedColumn());
        }
        OutboxColumns.check(config, schema);
        PollQuery query = new PollQuery(database, schema, cursor(schema, updated), visible);
        return new PolledTable(schema, query, config, updated, null);
    }

    /** Returns the log of deletes as a table that is polled. */
    static PolledTable of(DeleteLog deletes, TableSchema schema, Database database, CdcConfig config) {
        Column updated = required(schema, "delete-log", DeleteLog.TIME);
        return new PolledTable(
                schema, new PollQuery(database, schema, cursor(schema, updated)), config, updated, deletes);
    }

    private static Column required(TableSchema schema, String setting, String name) {
        Column column = schema.column(name);
        if (column == null) {
            throw new BrokerException(
                    "the table " + schema.qualified() + " has no column " + name + "; see the setting " + setting);
        }
        return column;
    }

    private static List<Column> cursor(TableSchema schema, Column updated) {
        List<Column> cursor = new ArrayList<>();
        cursor.add(updated);
        schema.key().stream().filter(column -> !column.equals(updated)).forEach(cursor::add);
        return cursor;
    }

    String name() {
        return name;
    }

    boolean isDeleteLog() {
        return deletes != null;
    }

    /** Returns whether a row is one that is asked for: a log of deletes has those of other tables, too. */
    boolean isWanted(SelectedRow row) {
        return deletes == null || deletes.tableOf(schema, row) != null;
    }

    /** Returns the table that a row is of. */
    String sourceOf(SelectedRow row) {
        PolledTable of = deletes == null ? null : deletes.tableOf(schema, row);
        return of == null ? name() : of.name();
    }

    /** Returns whether the cursor is of times, so that an overlap can be subtracted. */
    boolean isTimed() {
        return updated.kind() == Column.Kind.TIMESTAMP
                || updated.kind() == Column.Kind.INSTANT
                || updated.kind() == Column.Kind.TEXT;
    }

    /** Returns what a cursor column was so long before; null if it is not known, so that there is no bound. */
    @Nullable
    Object before(@Nullable Object newest, Duration overlap) {
        Instant time = Values.instant(updated.kind(), newest);
        if (time == null || newest == null) {
            return null;
        }
        if (newest instanceof Number number) {
            return Values.before(number, overlap);
        }
        char separator = newest.toString().charAt(10);
        if (updated.kind() == Column.Kind.TEXT) {
            return textBefore(newest.toString(), overlap, separator);
        }
        LocalDateTime early = LocalDateTime.ofInstant(time.minus(overlap), ZoneOffset.UTC);
        String zone = updated.kind() == Column.Kind.INSTANT && Values.hasOffset(newest.toString()) ? "+00" : "";
        return early.toLocalDate().toString() + separator + MICROS.format(early) + zone;
    }

    /** Texts are compared as texts: in the zone that they are in, and without fraction and zone, which is less than with them. */
    private static String textBefore(String newest, Duration overlap, char separator) {
        LocalDateTime early = Values.local(newest).minus(overlap);
        return early.toLocalDate().toString() + separator + SECONDS.format(early);
    }

    /** Returns the time of a row's change, null if the column has none. */
    @Nullable
    Instant timeOf(@Nullable Object updatedValue) {
        return Values.instant(updated.kind(), updatedValue);
    }

    /** Returns the later of two values of the cursor's first column. */
    Object later(@Nullable Object before, Object now) {
        if (before == null) {
            return now;
        }
        if (before instanceof Number && now instanceof Number) {
            return new BigDecimal(now.toString()).compareTo(new BigDecimal(before.toString())) < 0 ? before : now;
        }
        if (before instanceof Number || now instanceof Number) {
            return now instanceof Number ? before : now; // a text is greater than every number
        }
        Instant earlier = timeOf(before);
        Instant later = timeOf(now);
        return earlier != null && later != null && later.isBefore(earlier) ? before : now;
    }

    /**
     * Returns what a row says.
     *
     * @param newestBefore the greatest value of the column of changes before this round, null in the first one
     * @param version what tells it from other states with the same time, empty where nothing needs to
     */
    ChangeEvent event(SelectedRow row, @Nullable Object newestBefore, Instant polledAt, String version) {
        if (deletes != null) {
            return deletes.event(schema, row, position(query.cursorOf(row)) + version, polledAt);
        }
        List<Object> cursor = query.cursorOf(row); // it begins with the column of changes
        Operation operation = operation(row, cursor.get(0), newestBefore);
        Instant time = timeOf(cursor.get(0));
        boolean gone = operation == Operation.DELETE;
        return new ChangeEvent(
                schema.schema(),
                schema.name(),
                operation,
                shape.key(row),
                gone ? shape.values(row) : null,
                gone ? null : shape.values(row),
                List.of(),
                shape.types(row),
                time == null ? polledAt : time,
                position(cursor) + version,
                null);
    }

    private static String position(List<Object> cursor) {
        StringBuilder text = new StringBuilder(48).append(cursor.get(0));
        for (int i = 1; i < cursor.size(); i++) {
            text.append('/').append(cursor.get(i));
        }
        return text.toString();
    }

    private @Nullable Object value(SelectedRow row, Column column) {
        return row.get(schema.columns().indexOf(column));
    }

    /** A row is new if it has not been changed since it was made, or was made after all that was seen before. */
    private Operation operation(SelectedRow row, Object changed, @Nullable Object newestBefore) {
        if (deleted != null && Values.isTombstone(value(row, deleted))) {
            return Operation.DELETE;
        }
        if (created == null) {
            return Operation.UPSERT;
        }
        Object made = value(row, created);
        if (made == null) {
            return Operation.UPSERT;
        }
        if (newestBefore == null || made.equals(changed)) {
            return Operation.INSERT;
        }
        Instant madeAt = Values.instant(created.kind(), made);
        Instant before = timeOf(newestBefore);
        if (madeAt == null || before == null) {
            return Operation.UPDATE;
        }
        return madeAt.isAfter(before) ? Operation.INSERT : Operation.UPDATE;
    }
}
