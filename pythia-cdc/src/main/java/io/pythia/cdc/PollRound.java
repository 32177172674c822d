package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.FirstRun;
import io.pythia.cdc.PollState.TableState;
import io.pythia.spi.Received;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads all tables once after the other, page by page.
 *
 * <p>PostgreSQL: a round reads what the transactions of a window wrote. The window ends before the oldest transaction that still runs, so
 * that none of it can be added to any more, and the next one begins there: whatever the times in the rows say, none is skipped or read
 * twice. The column of changes only makes the search short. Elsewhere a round begins so long before the newest row as the overlap says, and
 * leaves out what was read before.
 *
 * <p>Only the receiving thread, but for the figures.
 */
final class PollRound implements AutoCloseable {
    private static final Duration OVERLAP_IN_WINDOWS = Duration.ofHours(1);
    private static final Duration OVERLAP = Duration.ofMinutes(1);

    private final CdcSettings settings;
    private final Database database;
    private final boolean windows;
    private final ReadAhead<List<SelectedRow>> ahead;
    private final Duration overlap;
    private List<PolledTable> tables = List.of();
    private PollState reading = new PollState();
    private @Nullable Progress<PollState> progress;
    private int current = -1;
    /** The table for which all were looked up, since its columns were others than expected; null when it has been read. */
    private @Nullable String lookedUpFor;

    private volatile long heldBack;
    private volatile long horizon;
    private final Map<String, @Nullable Object> newestBefore = new HashMap<>();
    /** The last row of the round's own in each table; a first round passes rows that wait for the next one. Only where there are windows. */
    private final Map<String, PollState.@Nullable Cursor> reached = new HashMap<>();

    private final RecentRows recent = new RecentRows();

    PollRound(CdcSettings settings, Database database) {
        this.settings = settings;
        this.database = database;
        this.ahead = new ReadAhead<>(settings.name());
        this.windows = database.dialect() == Dialect.POSTGRESQL;
        Duration chosen = settings.config().overlap();
        this.overlap = chosen != null ? chosen : windows ? OVERLAP_IN_WINDOWS : OVERLAP;
    }

    void lookUpTables() {
        tables = database.read("looking the tables up", connection -> {
            List<PolledTable> found = new ArrayList<>();
            for (String name : settings.tables()) {
                found.add(PolledTable.find(connection, database, settings.config(), name));
            }
            if (settings.config().deleteLog()) {
                // First, so that a row that was deleted and is there again is told of last.
                found.add(0, DeleteLog.polled(connection, database, settings.config(), found));
            }
            return found;
        });
    }

    /**
     * Goes on from a place; the progress will be told each step. What is remembered of a table that was taken away, or that is put back now,
     * is forgotten: its rows are read as those of a new one.
     */
    void begin(PollState from, Progress<PollState> stored) {
        reading = from;
        progress = stored;
        List<PolledTable> known =
                tables.stream().filter(table -> from.has(table.name())).toList();
        for (String key : from.recent()) {
            known.stream()
                    .filter(table -> RecentRows.isKeyOf(table.name(), key))
                    .findFirst()
                    .ifPresent(table -> {
                        Instant newest = table.timeOf(from.table(table.name()).newest);
                        recent.restore(key, newest == null ? Instant.now() : newest); // it is not younger
                    });
        }
    }

    /**
     * Enters the tables that the place has not, as the first run says: all of them at first, later those that were added. What is in the log
     * of deletes is always passed over: the rows that are there are told of by their tables. Forgets tables that were taken away.
     *
     * @return whether the place has to be stored
     */
    boolean enterTables(boolean first) {
        Set<String> names = tables.stream().map(PolledTable::name).collect(Collectors.toSet());
        boolean gone = reading.hasOthers(names);
        if (gone) {
            step(state -> state.keepOnly(names));
        }
        boolean onlyNew = settings.config().firstRun() == FirstRun.ONLY_NEW;
        List<PolledTable> passed = new ArrayList<>();
        List<PolledTable> whole = new ArrayList<>();
        for (PolledTable table : tables) {
            if (!reading.has(table.name())) {
                (onlyNew || table.isDeleteLog() ? passed : whole).add(table);
            }
        }
        if (!passed.isEmpty()) {
            passOver(passed, first && onlyNew);
        }
        whole.forEach(table -> step(state -> state.table(table.name()).fromXid = first ? null : (Long) 0L));
        return gone || !passed.isEmpty() || (!first && !whole.isEmpty());
    }

    /** Takes all that is there for known; of every table or of some. */
    private void passOver(List<PolledTable> added, boolean every) {
        database.read("looking for the newest rows", connection -> {
            long xmin = windows ? snapshot(connection)[0] : 0;
            if (every) {
                step(state -> state.fromXid = xmin);
            }
            for (PolledTable table : added) {
                Object newest = table.query.newest(connection);
                step(state -> {
                    TableState place = state.table(table.name());
                    place.newest = newest;
                    place.fromXid = every ? null : (Long) xmin;
                });
                if (isOverlapping(table)) {
                    rememberOverlap(connection, table);
                } else if (!windows) {
                    passOverStrictly(connection, table);
                }
            }
            return true;
        });
    }

    private void rememberOverlap(Connection connection, PolledTable table) throws SQLException {
        List<Object> after = null;
        Object from = table.before(reading.table(table.name()).newest, overlap);
        List<SelectedRow> rows;
        do {
            rows = table.query.read(connection, new PollQuery.Page(0, 0, from, after, settings.maxBuffered()));
            for (SelectedRow row : rows) {
                after = table.query.cursorOf(row);
                RecentRows.Row added = remember(table, after, row);
                if (added != null) {
                    added.acknowledge();
                }
            }
        } while (rows.size() == settings.maxBuffered());
    }

    /** Returns null if it is known already. */
    private RecentRows.@Nullable Row remember(PolledTable table, List<Object> cursor, SelectedRow row) {
        return recent.add(table.name(), cursor, row, table.timeOf(cursor.get(0)));
    }

    private void passOverStrictly(Connection connection, PolledTable table) throws SQLException {
        Object newest = reading.table(table.name()).newest;
        List<SelectedRow> rows = List.of();
        do {
            PollState.Cursor reached = reading.table(table.name()).after;
            List<Object> after = reached == null ? null : reached.values();
            rows = table.query.read(connection, new PollQuery.Page(0, 0, newest, after, settings.maxBuffered()));
            if (!rows.isEmpty()) {
                List<Object> last = table.query.cursorOf(rows.get(rows.size() - 1));
                step(state -> state.table(table.name()).after = () -> last);
            }
        } while (rows.size() == settings.maxBuffered());
    }

    private boolean isOverlapping(PolledTable table) {
        return !windows && table.isTimed() && !overlap.isZero();
    }

    /** Does something to the place now, and to the stored one when all before is acknowledged. */
    private void step(Consumer<PollState> effect) {
        effect.accept(reading);
        Objects.requireNonNull(progress).event(effect);
    }

    /** Returns whether no round is under way. */
    boolean isOver() {
        return current < 0;
    }

    long heldBack() {
        return heldBack;
    }

    long horizon() {
        return horizon;
    }

    /** Any thread. */
    RecentRows recent() {
        return recent;
    }

    /** Reads the next page of the round, or begins one. May return none before the round is over. */
    List<Received<ChangeRecord>> next() throws InterruptedException {
        if (current < 0 && !beginRound()) {
            return List.of();
        }
        PolledTable table = tables.get(current);
        TableState state = reading.table(table.name());
        if (state.done) {
            nextTable();
            return List.of();
        }
        List<SelectedRow> rows;
        try {
            rows = ahead.take(() -> read(table, page(table, state)));
            lookedUpFor = null;
        } catch (BrokerException e) {
            if (e.getCause() instanceof PollQuery.TableChangedException) {
                lookUpAgain(table, e);
                return List.of();
            }
            throw e;
        }
        List<Received<ChangeRecord>> records = records(table, rows);
        if (rows.size() < settings.maxBuffered()) {
            endTable(table);
        } else if (recent.isFull()) {
            forgetOld(table);
        }
        return records;
    }

    /** A table that is altered once more meanwhile is one for a new session, in which a pause comes before the next attempt. */
    private void lookUpAgain(PolledTable table, BrokerException cause) {
        if (table.name().equals(lookedUpFor)) {
            throw new BrokerException(
                    cause.getMessage() + " once more; if nobody alters it, the catalogue says another thing",
                    cause,
                    true);
        }
        lookUpTables();
        lookedUpFor = table.name();
    }

    /** Begins to read the next page of the round, if there is one and its place is known. */
    void readAhead() {
        if (current < 0) {
            return;
        }
        PolledTable table = tables.get(current);
        TableState state = reading.table(table.name());
        if (state.after != null && !state.done) {
            PollQuery.Page page = page(table, state);
            ahead.begin(() -> read(table, page));
        }
    }

    private List<SelectedRow> read(PolledTable table, PollQuery.Page page) {
        return database.read("reading " + table.name(), connection -> table.query.read(connection, page));
    }

    /** Any thread. */
    @Override
    public void close() {
        ahead.close();
    }

    private PollQuery.Page page(PolledTable table, TableState state) {
        Object newest = newestBefore.get(table.name());
        Object from = windows || isOverlapping(table) ? table.before(newest, overlap) : null;
        List<Object> after = state.after == null ? null : state.after.values();
        return new PollQuery.Page(reading.fromXid(state), reading.toXid, from, after, settings.maxBuffered());
    }

    /** Returns whether there is something to read. */
    private boolean beginRound() {
        if (windows && !beginWindow()) {
            return false;
        }
        for (PolledTable table : tables) {
            TableState state = reading.table(table.name());
            newestBefore.put(table.name(), state.newest);
            reached.put(table.name(), state.after);
            if (isOverlapping(table)) {
                state.after = null;
            }
        }
        current = 0;
        return true;
    }

    /** Returns whether there is something in the window: in a new one, or in the one that an earlier session had begun. */
    private boolean beginWindow() {
        long[] snapshot = database.read("looking for transactions", PollRound::snapshot);
        horizon = snapshot[0];
        heldBack = snapshot[1] - snapshot[0];
        checkPlace(snapshot[1]);
        if (reading.toXid == 0) {
            if (!reading.isBehind(snapshot[0])) {
                return false;
            }
            step(state -> state.toXid = snapshot[0]);
            lookUpTables();
        }
        return true;
    }

    /** A server whose transactions have lower numbers than our place would be waited for, and what it writes until then left out. */
    private void checkPlace(long next) {
        long ours = reading.furthest();
        if (ours <= next) {
            return;
        }
        String problem = "our place is transaction " + ours + ", but the server's next one is " + next
                + ": it was restored from a backup, or is another server";
        settings.listener()
                .dataLoss(
                        settings.name(),
                        new BrokerListener.Gap(
                                String.join(",", settings.tables()),
                                Long.toString(ours),
                                Long.toString(next),
                                problem + "; the consumer has stopped"));
        throw CdcErrors.dataLoss(settings.name() + ": " + problem
                + "; delete our place (see docs/brokers/cdc.md) to begin anew with all rows");
    }

    /** Returns the oldest transaction that runs, and the first that does not yet. */
    static long[] snapshot(Connection connection) throws SQLException {
        String sql = "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint"
                + " FROM pg_current_snapshot() s";
        try (PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new long[] {row.getLong(1), row.getLong(2)};
        }
    }

    private List<Received<ChangeRecord>> records(PolledTable table, List<SelectedRow> rows) {
        Progress<PollState> stored = Objects.requireNonNull(progress);
        boolean overlapping = isOverlapping(table);
        boolean first = windows && reading.fromXid(reading.table(table.name())) == 0;
        PolledRow.Page page = new PolledRow.Page(this, table, newestBefore.get(table.name()), Instant.now());
        List<Received<ChangeRecord>> records = new ArrayList<>(rows.size());
        PolledRow last = null;
        PolledRow own = null;
        for (SelectedRow row : rows) {
            RecentRows.Row remembered = overlapping ? remember(table, table.query.cursorOf(row), row) : null;
            PolledRow polled = new PolledRow(page, row, remembered);
            last = polled;
            if (overlapping && remembered == null) {
                continue; // its effect waits for the acknowledgement of when it was read first
            }
            if (first && !PollQuery.isBefore(row, reading.toXid)) {
                continue; // the next round finds it, which must search from before it
            }
            own = polled;
            if (!table.isWanted(row)) {
                stored.event(polled);
            } else {
                ChangeRecord record =
                        new ChangeRecord(stored.message(polled), table.sourceOf(row), row.size(), table.outbox, polled);
                records.add(new Received<>(record, record));
            }
        }
        if (last != null) {
            last.accept(reading); // it is behind the others
        }
        if (windows && own != null) {
            reached.put(table.name(), own);
        }
        return records;
    }

    /** Moves a place behind a row. With an overlap that place lasts for this round only: the next one begins earlier. */
    void moveBehind(PolledRow row, PollState state) {
        PolledTable table = row.page.table();
        TableState place = state.table(table.name());
        if (row.recent == null || state == reading) {
            place.after = row;
        } else {
            row.recent.acknowledge();
        }
        if (!windows) {
            place.newest = table.later(place.newest, row.values().get(0));
        }
    }

    private void endTable(PolledTable table) {
        if (windows) {
            PollState.Cursor last = reached.get(table.name());
            Object newest = last == null ? null : last.values().get(0);
            step(place -> {
                TableState each = place.table(table.name());
                each.done = true;
                each.newest = newest == null ? each.newest : table.later(each.newest, newest);
            });
        }
        forgetOld(table);
        nextTable();
    }

    /** Forgets what the next round does not read again. */
    private void forgetOld(PolledTable table) {
        Instant newest = table.timeOf(reading.table(table.name()).newest);
        if (newest != null && isOverlapping(table)) {
            recent.forgetBefore(
                    table.name(), newest.minus(overlap).truncatedTo(ChronoUnit.SECONDS)); // as texts are read
        }
    }

    private void nextTable() {
        if (++current >= tables.size()) {
            current = -1;
            if (windows) {
                step(PollState::endRound);
            }
        }
    }
}
