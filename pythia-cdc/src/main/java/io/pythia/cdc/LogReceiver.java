package io.pythia.cdc;

import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.FirstRun;
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
import org.postgresql.replication.ReplicationSlotInfo;

/** Receives by PostgreSQL's log: first the rows that are there, if that is wanted, then by a {@link LogReader} every change since. */
final class LogReceiver implements ReceiveDriver<ChangeRecord> {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(6);
    private static final int LEAST_BUFFER = 8_000;
    private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(3);

    private final CdcSettings settings;
    private final Database database;
    private final Places places;
    private final Replication replication;
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
        this.buffer = new ChangeBuffer(Math.max(LEAST_BUFFER, 4 * settings.maxBuffered()));
    }

    @Override
    public void open() throws InterruptedException {
        database.open();
        tables = replication.prepare();
        List<TableSchema> published = replication.publish(tables);
        String saved = places.load();
        replication.connect();
        String system = replication.systemIdentifier();
        ReplicationSlot slot = freeSlot();
        LogState state = saved == null ? null : places.parse(saved, LogState::read);
        String exported = null;
        if (state == null && slot == null) {
            ReplicationSlotInfo made = createSlot();
            exported = made.getSnapshotName();
            state = newState(system, made.getConsistentPoint().asLong());
        } else if (state == null) {
            state = newState(system, confirmed(Objects.requireNonNull(slot)));
        } else {
            check(state, slot, system);
        }
        boolean isNew = saved == null;
        boolean added = state.enterTables(
                names(tables),
                isNew ? List.of() : names(published),
                settings.config().firstRun());
        if (settings.config().firstRun() == FirstRun.ALL && (added || (isNew && exported == null))) {
            // A snapshot has not what these write, and the log has it only of tables that were published before.
            replication.awaitTransactions();
        }
        LogState reading = places.parse(state.write(), LogState::read);
        progress = new Progress<>(state);
        if (!state.write().equals(saved)) {
            places.save(state.write());
        }
        place = new LogPlace(places, progress);
        startAt = state.lsn;
        pid = replication.pid();
        if (state.inSnapshot) {
            snapshot = new LogSnapshot(settings, database, tables, reading, progress, exported);
        } else {
            startReader();
        }
    }

    private static List<String> names(List<TableSchema> tables) {
        return tables.stream().map(TableSchema::qualified).toList();
    }

    /** Without a place of ours the slot's counts, not the end of the log. */
    private long confirmed(ReplicationSlot slot) {
        if (slot.status().equals("lost")) {
            throw new BrokerException(settings.name() + ": the server has dropped the log that the slot "
                    + settings.config().slot() + " needs; drop the slot to begin anew");
        }
        if (slot.confirmed() == 0) {
            throw new BrokerException(
                    settings.name() + ": the slot " + settings.config().slot() + " is still being made", null, true);
        }
        return slot.confirmed();
    }

    private LogState newState(String system, long lsn) {
        return new LogState(
                system, settings.config().slot(), lsn, settings.config().firstRun() == FirstRun.ALL);
    }

    private ReplicationSlotInfo createSlot() {
        if (!settings.config().createSlot()) {
            throw new io.pythia.DestinationNotFoundException(
                    settings.name() + ": there is no slot " + settings.config().slot() + ", and create-slot is false");
        }
        return replication.createSlot();
    }

    /** Returns the slot when a former session of this consumer has left it; null if there is none. */
    private @Nullable ReplicationSlot freeSlot() throws InterruptedException {
        ReplicationSlot slot = findSlot();
        if (slot != null && !slot.plugin().equals("pgoutput")) {
            throw new BrokerException(settings.name() + ": the slot "
                    + settings.config().slot() + " is one of the plugin " + slot.plugin() + ", but pgoutput is needed");
        }
        if (slot != null && slot.activePid() != 0) {
            replication.endFormerSession(slot.activePid());
            awaitRelease(slot.activePid());
        }
        return slot;
    }

    private void awaitRelease(int holder) throws InterruptedException {
        long deadline = System.nanoTime() + RELEASE_TIMEOUT.toNanos();
        for (ReplicationSlot slot = findSlot();
                slot != null && slot.activePid() == holder && System.nanoTime() < deadline;
                slot = findSlot()) {
            Thread.sleep(20); // the server tells nobody
        }
    }

    private @Nullable ReplicationSlot findSlot() {
        return database.read(
                "looking for the slot",
                sql -> ReplicationSlot.find(sql, settings.config().slot()));
    }

    private void check(LogState state, @Nullable ReplicationSlot slot, String system) {
        long end = slot != null
                ? slot.current()
                : database.read("asking for the end of the log", sql -> {
                    try (var statement = sql.prepareStatement("SELECT pg_current_wal_lsn()::text");
                            var row = statement.executeQuery()) {
                        row.next();
                        return Lsn.parse(row.getString(1));
                    }
                });
        if (!state.system.equals(system)) {
            throw ReplicationSlot.loss(
                    "this is another server (system identifier " + system + ") than that of our place (" + state.system
                            + ", " + Lsn.text(state.lsn) + "); its log ends at " + Lsn.text(end),
                    state,
                    end,
                    settings.name(),
                    settings.listener());
        }
        if (!state.slot.equals(settings.config().slot())) {
            throw new BrokerException(settings.name() + ": our place is one of the slot " + state.slot + ", not of "
                    + settings.config().slot() + "; use another state-key, or delete it");
        }
        ReplicationSlot.check(slot, state, end, settings.name(), settings.listener());
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
        ReplicationSlot slot = findSlot();
        if (slot == null || (reader != null && slot.activePid() != pid)) {
            throw new BrokerConnectionException(settings.name() + ": the server does not read the log for us any more");
        }
        return slot;
    }

    @Override
    public List<Received<ChangeRecord>> receive(int max, Duration wait) throws InterruptedException {
        LogSnapshot current = snapshot;
        if (current == null && rows.isEmpty()) {
            return buffer.take(max, wait);
        }
        while (current != null && rows.isEmpty() && !current.isOver()) {
            for (ChangeRecord record : current.next()) {
                rows.add(new Received<>(record, record));
            }
        }
        if (current != null && current.isOver()) {
            current.close();
            snapshot = null;
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
            awaitRelease(pid);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // the server is away: it will see to that itself
        }
    }
}
