package io.pythia.cdc;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.PGReplicationStream;

/** Receives by PostgreSQL's log: first the rows that are there, if that is wanted, then by a {@link LogReader} every change since. */
final class LogReceiver implements ReceiveDriver<ChangeRecord> {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);
    private static final Duration PAUSE_WHEN_FULL = Duration.ofMillis(20);
    private static final int LEAST_BUFFER = 8_000;

    private final CdcSettings settings;
    private final Database database;
    private final Places places;
    private final Replication replication;
    private final OwnSlot slots;
    private final ChangeBuffer buffer;
    private List<TableSchema> tables = List.of();
    private @Nullable Progress<LogState> progress;
    private volatile @Nullable LogPlace place;
    private volatile @Nullable LogReader reader;
    private volatile @Nullable Thread thread;
    private volatile int pid;

    /** Only the receiving thread, before that the one that opens. */
    private @Nullable LogSnapshot snapshot;

    private final ArrayDeque<Received<ChangeRecord>> rows = new ArrayDeque<>();
    private long startAt;

    LogReceiver(CdcSettings settings, String application) {
        this.settings = settings;
        this.database = new Database(settings);
        this.places = new Places(settings, database);
        this.replication = new Replication(settings, database, application);
        this.slots = new OwnSlot(settings, database, replication);
        this.buffer = new ChangeBuffer(Math.max(LEAST_BUFFER, 4 * settings.maxBuffered()));
    }

    @Override
    public void open() throws InterruptedException {
        database.open();
        tables = replication.prepare();
        List<TableSchema> published = replication.publish(tables);
        replication.connect();
        LogStart.Start start = new LogStart(settings, database, places, replication, slots).find();
        LogState state = start.state();
        boolean added = state.enterTables(
                names(tables),
                start.isNew() ? List.of() : names(published),
                settings.config().firstRun());
        if (state.inSnapshot && (added || (start.isNew() && start.exported() == null))) {
            // A snapshot has not what these write, and the log has it only of tables that were published before.
            replication.awaitTransactions();
        }
        LogState reading = places.parse(state.write(), LogState::read);
        progress = new Progress<>(state);
        if (!state.write().equals(start.saved())) {
            places.save(state.write());
        }
        place = new LogPlace(places, progress);
        startAt = state.lsn;
        pid = replication.pid();
        if (state.inSnapshot) {
            snapshot = new LogSnapshot(settings, database, tables, reading, progress, start.exported());
        } else {
            startReader();
        }
    }

    private static List<String> names(List<TableSchema> tables) {
        return tables.stream().map(TableSchema::qualified).toList();
    }

    private void startReader() {
        PGReplicationStream stream = replication.start(startAt);
        LogReader started = new LogReader(
                settings,
                stream,
                buffer,
                Objects.requireNonNull(progress),
                Objects.requireNonNull(place),
                new PgOutput(replication.typeNames()),
                tables,
                this::ownSlot);
        Thread running = new Thread(started, "pythia-" + settings.name() + "-log");
        running.setDaemon(true);
        reader = started;
        thread = running;
        running.start();
    }

    /** Returns the slot, which must be ours still. */
    private ReplicationSlot ownSlot() {
        ReplicationSlot slot = slots.find();
        if (slot == null || (reader != null && slot.activePid() != pid)) {
            throw new BrokerConnectionException(settings.name() + ": the server does not read the log for us any more");
        }
        return slot;
    }

    /** The snapshot may have taken so long that the slot was lost meanwhile: the next connection finds what to do then. */
    private void checkSlot() {
        ReplicationSlot slot = slots.find();
        if (slot == null || slot.isLost() || slot.isAheadOf(startAt)) {
            throw new BrokerConnectionException(
                    settings.name() + ": the server has not kept its log while the snapshot was read");
        }
    }

    @Override
    public List<Received<ChangeRecord>> receive(int max, Duration wait) throws InterruptedException {
        LogSnapshot current = snapshot;
        if (current == null && rows.isEmpty()) {
            return buffer.take(max, wait);
        }
        if (current != null
                && rows.isEmpty()
                && Objects.requireNonNull(progress).isFull()) {
            return buffer.take(max, PAUSE_WHEN_FULL); // empty until the log is read: this waits, and hears a wake-up
        }
        while (current != null && rows.isEmpty() && !current.isOver()) {
            for (ChangeRecord record : current.next()) {
                rows.add(new Received<>(record, record));
            }
        }
        if (current != null && current.isOver()) {
            current.close();
            snapshot = null;
            checkSlot();
            startReader();
        }
        List<Received<ChangeRecord>> batch = new ArrayList<>(Math.min(max, rows.size()));
        while (batch.size() < max && !rows.isEmpty()) {
            batch.add(rows.remove());
        }
        return batch;
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<ChangeRecord>> batch) {
        LogPlace current = Objects.requireNonNull(place);
        CompletableFuture<Void> done = current.settle(batch);
        if (reader == null) { // nobody else stores the place while the snapshot is read
            try {
                current.save();
            } catch (BrokerException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        return done;
    }

    @Override
    public void wakeup() {
        buffer.wakeUp();
    }

    @Override
    public void ping() {
        ownSlot();
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        LogReader running = reader;
        LogPlace current = place;
        if (current != null) {
            facts.put("position", Lsn.text(current.stored()));
        }
        facts.put("phase", running == null ? "snapshot" : "log");
        facts.put("read-ahead", Integer.toString(buffer.size()));
        if (running != null && running.lag() >= 0) {
            facts.put("lag-bytes", Long.toString(running.lag()));
        }
        return facts;
    }

    @Override
    public void close() {
        buffer.fail(new BrokerException(settings.name() + " is disconnected"));
        database.cancel();
        stopReader();
        replication.close();
        LogSnapshot current = snapshot;
        if (current != null) {
            current.close();
        }
        LogReader stopped = reader;
        if (stopped != null && stopped.endedWell()) {
            awaitReleaseQuietly();
        }
        database.close();
    }

    private void stopReader() {
        LogReader running = reader;
        Thread reading = thread;
        if (running != null && reading != null) {
            running.stop();
            try {
                reading.join(CLOSE_TIMEOUT.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** So that whoever comes next finds the slot free. */
    private void awaitReleaseQuietly() {
        try {
            slots.awaitRelease(pid);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // the server is away: it will see to that itself
        }
    }
}
