package io.pythia.cdc;

import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.cdc.ChangeRecord.OutboxColumns;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Reads the rows that were there when the log was begun to be read, in one transaction, in chunks in the order of the primary key. Belongs to
 * the receiving thread.
 */
final class LogSnapshot implements AutoCloseable {
    private static final Column ROW_PLACE = new Column("ctid", "tid", Column.Kind.TEXT, 0);

    private final CdcSettings settings;
    private final Database database;
    private final List<TableSchema> tables;
    private final LogState reading;
    private final Progress<LogState> progress;
    private final String lsn;
    private final Session session;
    private int current;

    /**
     * Begins the transaction.
     *
     * @param reading where to go on; changed
     * @param name the snapshot that came with the slot, null to take one now: what was changed since the slot was made then comes twice
     */
    LogSnapshot(
            CdcSettings settings,
            Database database,
            List<TableSchema> tables,
            LogState reading,
            Progress<LogState> progress,
            @Nullable String name) {
        this.settings = settings;
        this.database = database;
        this.tables = tables;
        this.reading = reading;
        this.progress = progress;
        this.lsn = Lsn.text(reading.lsn);
        Session opened = null;
        try {
            opened = database.session(true);
            Connection connection = opened.connection();
            Database.execute(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            if (name != null) {
                Database.execute(connection, "SET TRANSACTION SNAPSHOT '" + name.replace("'", "''") + "'");
            }
            // It lasts as long as the application needs for the rows.
            Database.execute(connection, "SET LOCAL idle_in_transaction_session_timeout = 0");
            session = opened;
        } catch (SQLException e) {
            closeQuietly(opened);
            throw CdcErrors.translate(settings.name() + ": beginning the snapshot", e);
        }
    }

    boolean isOver() {
        return current >= tables.size();
    }

    /** Reads the next chunk. May return none before it is over. */
    List<ChangeRecord> next() {
        TableSchema table = tables.get(current);
        LogState.TableState state = reading.table(table.qualified());
        if (state.done) {
            endTable(table);
            return List.of();
        }
        boolean hasKey = !table.key().isEmpty();
        TableSchema read = hasKey ? table : withRowPlace(table);
        PollQuery query = new PollQuery(database, read, hasKey ? table.key() : List.of(ROW_PLACE));
        List<SelectedRow> rows;
        try {
            rows = query.read(
                    session.connection(), new PollQuery.Page(0, 0, null, state.after, settings.maxBuffered()));
        } catch (SQLException e) {
            throw CdcErrors.translate(settings.name() + ": reading the snapshot of " + table.qualified(), e);
        }
        List<ChangeRecord> records = records(table, query, rows);
        if (rows.size() < settings.maxBuffered()) {
            endTable(table);
        }
        return records;
    }

    private static TableSchema withRowPlace(TableSchema table) {
        List<Column> columns = new ArrayList<>(table.columns());
        columns.add(ROW_PLACE);
        return new TableSchema(table.schema(), table.name(), columns);
    }

    private List<ChangeRecord> records(TableSchema table, PollQuery query, List<SelectedRow> rows) {
        Instant now = Instant.now();
        String name = table.qualified();
        RowShape shape = new RowShape(table);
        OutboxColumns outbox = OutboxColumns.of(settings.config(), table);
        List<ChangeRecord> records = new ArrayList<>(rows.size());
        for (SelectedRow row : rows) {
            List<Object> place = query.cursorOf(row);
            reading.table(name).after = place;
            Progress.Step<LogState> step = progress.message(state -> state.table(name).after = place);
            records.add(new ChangeRecord(step, name, row.size(), outbox, () -> event(table, shape, row, place, now)));
        }
        return records;
    }

    private ChangeEvent event(TableSchema table, RowShape shape, SelectedRow row, List<Object> place, Instant now) {
        StringJoiner position = new StringJoiner("/", lsn + "/snapshot/", "");
        place.forEach(value -> position.add(value.toString()));
        return new ChangeEvent(
                table.schema(),
                table.name(),
                Operation.READ,
                shape.key(row),
                null,
                shape.values(row),
                List.of(),
                shape.types(row),
                now,
                position.toString(),
                null);
    }

    private void endTable(TableSchema table) {
        progress.event(state -> state.table(table.qualified()).done = true);
        if (++current == tables.size()) {
            progress.event(LogState::endSnapshot);
        }
    }

    @Override
    public void close() {
        closeQuietly(session);
    }

    private static void closeQuietly(@Nullable Session session) {
        if (session != null) {
            try {
                session.close();
            } catch (SQLException e) {
                // it is lost already
            }
        }
    }
}
