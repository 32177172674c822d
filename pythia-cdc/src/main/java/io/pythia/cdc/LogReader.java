package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.cdc.ChangeRecord.OutboxColumns;
import io.pythia.cdc.PgOutput.Begin;
import io.pythia.cdc.PgOutput.Commit;
import io.pythia.cdc.PgOutput.Event;
import io.pythia.cdc.PgOutput.Relation;
import io.pythia.cdc.PgOutput.RowChange;
import io.pythia.cdc.PgOutput.Truncate;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/**
 * Reads the log without pause, on a thread of its own: the server ends a connection that it does not hear of. It also has the place stored,
 * by another thread, so that the server need not wait for that, and then tells the server, in this order.
 */
final class LogReader implements Runnable {
    private static final int MOST_AT_ONCE = 500;
    private static final long SAVE_INTERVAL = 200_000_000L;
    private static final long IDLE_SAVE_INTERVAL = 10_000_000L;
    /** The client itself waits a millisecond for what may come: only a table that is quiet is worth a longer pause. */
    private static final int TURNS_BEFORE_PAUSE = 100;

    private static final long IDLE_PAUSE = 2_000_000L;
    /** What has arrived is read in less; a message that takes longer was waited for. */
    private static final long LATE = 3_000L;
    /** So many that were waited for, and it is cheaper for both sides to let some gather than to be woken for each. */
    private static final int MOST_LATE = 5;

    private static final long GATHERING_PAUSE = 500_000L;
    /** How far the log must have gone on, for other tables, before that is worth storing: to store it makes some log itself. */
    private static final long IDLE_STEP = 16 << 10;

    private final CdcSettings settings;
    private final PGReplicationStream stream;
    private final ChangeBuffer buffer;
    private final Progress<LogState> progress;
    private final LogPlace place;
    private final PgOutput output;
    private final Map<String, TableSchema> tables = new HashMap<>();
    private final Map<Integer, Watched> watched = new HashMap<>();
    private final Supplier<ReplicationSlot> slot;
    private final Silence silence;
    private final ExecutorService saver;
    private CompletableFuture<Void> saving = CompletableFuture.completedFuture(null);
    private volatile boolean stopped;
    private volatile long lag = -1;
    private volatile boolean endedWell;

    private final List<ChangeRecord> records = new ArrayList<>(MOST_AT_ONCE);
    private @Nullable Begin transaction;
    /** Whether something of the transaction is wanted. */
    private boolean ours;
    /** Behind the last transaction of which nothing was. */
    private long passed;

    private long number;
    private long lastStatusAt = System.nanoTime();
    private long lastSaveAt = System.nanoTime();

    LogReader(
            CdcSettings settings,
            PGReplicationStream stream,
            ChangeBuffer buffer,
            Progress<LogState> progress,
            LogPlace place,
            PgOutput output,
            List<TableSchema> tables,
            Supplier<ReplicationSlot> slot) {
        this.settings = settings;
        this.stream = stream;
        this.buffer = buffer;
        this.progress = progress;
        this.place = place;
        this.output = output;
        this.slot = slot;
        this.silence = new Silence(Silence.longest(settings.config()), System.nanoTime());
        this.saver = Executors.newSingleThreadExecutor(work -> {
            Thread thread = new Thread(work, "pythia-" + settings.name() + "-place");
            thread.setDaemon(true);
            return thread;
        });
        tables.forEach(table -> this.tables.put(table.qualified(), table));
    }

    /** Returns how many bytes of the log the server keeps for us, -1 if that is not known yet. */
    long lag() {
        return lag;
    }

    /** Returns whether it was stopped, and the server was there to the end. */
    boolean endedWell() {
        return endedWell;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        try {
            int idleTurns = 0;
            while (!stopped) {
                boolean idle = readSome() == 0;
                tellPlace(idle);
                idleTurns = idle ? idleTurns + 1 : 0;
                if (idleTurns > TURNS_BEFORE_PAUSE) {
                    LockSupport.parkNanos(IDLE_PAUSE);
                }
            }
            saving.join();
            place.save();
            flush();
            stream.forceUpdateStatus();
            endedWell = true;
            place.fail(new BrokerException(settings.name() + " is disconnected"));
        } catch (Throwable e) { // an Error, too: who waits for changes must hear of it
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            BrokerException failure = CdcErrors.translate(settings.name() + ": reading the log", cause);
            place.fail(failure);
            buffer.fail(failure);
        } finally {
            saver.shutdown();
        }
    }

    private int readSome() throws SQLException, InterruptedException {
        if (progress.isFull()) {
            LockSupport.parkNanos(IDLE_PAUSE);
            silence.isOurs(System.nanoTime());
            return 0;
        }
        if (!buffer.awaitRoom(IDLE_PAUSE)) {
            silence.isOurs(System.nanoTime());
            return 0;
        }
        int read = 0;
        int late = 0;
        long lastAt = System.nanoTime();
        for (; read < MOST_AT_ONCE && late < MOST_LATE; read++) {
            ByteBuffer message = stream.readPending();
            long now = System.nanoTime();
            if (message == null) {
                silence.checkPause(now - lastAt);
                break;
            }
            late += now - lastAt > LATE ? 1 : 0;
            lastAt = now;
            handle(message);
        }
        if (read == 0 && stream.isClosed()) {
            throw new SQLException("the server has ended the stream", "08006");
        }
        if (!records.isEmpty()) {
            buffer.put(records);
            records.clear();
        }
        if (late == MOST_LATE) {
            LockSupport.parkNanos(GATHERING_PAUSE);
        }
        return read;
    }

    private void handle(ByteBuffer message) {
        int size = message.remaining();
        Event event = output.read(message);
        if (event instanceof RowChange change) {
            Relation relation = change.relation();
            long own = number++;
            Begin of = Objects.requireNonNull(transaction);
            Watched watched = watched(relation);
            if (watched.wanted) {
                ours = true;
                records.add(record(watched, size, () -> LogEvents.of(of, own, change, watched.key)));
            }
        } else if (event instanceof Begin begin) {
            transaction = begin;
            ours = false;
            number = 0;
        } else if (event instanceof Commit commit) {
            transaction = null;
            commit(commit.endLsn());
        } else if (event instanceof Truncate truncate) {
            Begin of = Objects.requireNonNull(transaction);
            for (Relation relation : truncate.relations()) {
                long own = number++;
                Watched watched = watched(relation);
                if (watched.wanted) {
                    ours = true;
                    records.add(record(watched, size, () -> LogEvents.truncate(of, own, relation)));
                }
            }
        }
    }

    /** One of which nothing is wanted may be the storing of our own place: to store a place for it would never end. */
    private void commit(long end) {
        if (ours) {
            progress.event(state -> state.lsn = end);
        } else {
            passed = end;
        }
    }

    /** What is known of a table of the log; looked up again when its definition has changed. */
    private record Watched(Relation relation, String name, boolean wanted, List<String> key, OutboxColumns outbox) {}

    private Watched watched(Relation relation) {
        Watched known = watched.get(relation.id());
        if (known == null || known.relation != relation) {
            known = watch(relation, known);
            watched.put(relation.id(), known);
        }
        return known;
    }

    /** A publication may have more tables than are asked for. One that was renamed stays the same table. */
    private Watched watch(Relation relation, @Nullable Watched before) {
        String name = relation.qualified();
        TableSchema table = tables.get(name);
        List<String> key = table == null
                ? List.of()
                : table.key().stream().map(Column::name).toList();
        boolean wanted = table != null || (before != null && before.wanted);
        return new Watched(relation, name, wanted, key, OutboxColumns.of(settings.config(), schema(relation)));
    }

    private ChangeRecord record(Watched watched, int size, Supplier<ChangeEvent> event) {
        return new ChangeRecord(progress.message(), watched.name, size + 64, watched.outbox, event);
    }

    private static TableSchema schema(Relation relation) {
        return new TableSchema(
                relation.schema(),
                relation.name(),
                relation.columns().stream()
                        .map(each -> new Column(each.name(), each.typeName(), each.kind(), 0))
                        .toList());
    }

    /** Has the place stored, soon when idle, else at intervals, and tells the server what is stored. */
    private void tellPlace(boolean idle) throws SQLException {
        long now = System.nanoTime();
        boolean due = now - lastStatusAt >= settings.config().statusInterval().toNanos();
        if (due) {
            skipWhatIsNotOurs();
        }
        long sinceSave = now - lastSaveAt;
        if (saving.isDone()) {
            saving.join(); // throws what went wrong
            flush();
            if (place.isDirty() && (due || sinceSave >= SAVE_INTERVAL || (idle && sinceSave >= IDLE_SAVE_INTERVAL))) {
                saving = CompletableFuture.runAsync(place::save, saver);
                lastSaveAt = now;
            }
        }
        if (due) {
            stream.forceUpdateStatus();
            lastStatusAt = now;
            ReplicationSlot current = slot.get();
            lag = current.lag();
            silence.check(stream.getLastReceiveLSN().asLong(), current.sent(), now);
        }
    }

    /**
     * If nothing of ours is open the place is where the server has read to, so that it need not keep the log of other tables; within a
     * transaction, behind the ones before it.
     */
    private void skipWhatIsNotOurs() {
        long read = transaction == null ? stream.getLastReceiveLSN().asLong() : passed;
        long known = progress.look(state -> state.lsn);
        if (read - known >= IDLE_STEP) {
            progress.eventIfIdle(state -> state.lsn = read);
        }
    }

    /** Only what is stored is told. */
    private void flush() {
        LogSequenceNumber stored = LogSequenceNumber.valueOf(place.stored());
        if (!stored.equals(stream.getLastFlushedLSN())) {
            stream.setFlushedLSN(stored);
            stream.setAppliedLSN(stored);
        }
    }
}
