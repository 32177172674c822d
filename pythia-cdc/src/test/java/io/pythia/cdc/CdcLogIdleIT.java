package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** F34: a table that nobody writes to must not make the server keep the log of the others. */
@Timeout(400)
class CdcLogIdleIT {
    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());
    private final LogWorkers workers = new LogWorkers(database);
    private final String table = database.newTable();

    @Test
    void idleTable_keepsNoLog_whileOthersWrite() {
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 1, "one");
            events.await(1);
            String before = workers.slot("confirmed_flush_lsn");
            for (int i = 0; i < 25; i++) {
                writeMebibytes(8);
            }
            eventually(
                    "a place that moves",
                    () -> !workers.slot("confirmed_flush_lsn").equals(before));
            // All of it: nobody waits for anything.
            eventually("a confirmed place at the end", () -> behind("confirmed_flush_lsn") < (1 << 20));
            // What is kept begins where the server last noted its transactions, which a checkpoint does.
            eventually("a short log", () -> {
                database.execute("CHECKPOINT");
                return behind("restart_lsn") <= (64 << 20);
            });
            database.insert(table, 2, "two");
            assertThat(events.last(2).key()).isEqualTo(Map.of("id", 2L));
            assertThat(workers.heard().gaps).isEmpty();
        }
        workers.dropSlot();
    }

    /** Each write of the place is a transaction that such a publication tells us of. */
    @Test
    void publicationOfAllTables_isNotFedByOurOwnPlace() {
        TestDatabase own = database.newDatabase();
        PlacesInTheDatabase places = new PlacesInTheDatabase(own);
        LogWorkers all = new LogWorkers(own, TestDatabase.newName("s"), places, new LogWorkers.Heard());
        own.execute("CREATE PUBLICATION p_" + all.name() + " FOR ALL TABLES");
        String watched = own.newTable();
        try (CdcWorker worker = all.worker(watched).build()) {
            Events events = Events.of(worker);
            own.insert(watched, 1, "one");
            events.await(1);
            long began = System.nanoTime();
            int before = places.writes.get();
            Set<String> reports = new HashSet<>();
            eventually("reports to the server", () -> {
                reports.add(own.text("SELECT reply_time FROM pg_stat_replication JOIN"
                        + " pg_replication_slots ON active_pid = pid WHERE slot_name = '" + all.name() + "'"));
                return reports.size() >= 8;
            });
            int writes = places.writes.get() - before;
            // Each report may have one. What is seen of the reports may be less; the first two writes may be of what
            // was acknowledged.
            long due = (System.nanoTime() - began)
                    / workers.config().build().statusInterval().toNanos();
            assertThat((long) writes).isLessThanOrEqualTo(due + 3);
        }
        all.dropSlot();
        database.execute("DROP DATABASE " + own.text("SELECT current_database()"));
    }

    /** The server asks for a report between two of ours; the driver answers by itself. */
    @Test
    void slotIsNeverAheadOfOurPlace() {
        TestDatabase own = database.newDatabase();
        own.execute("ALTER DATABASE " + own.text("SELECT current_database()") + " SET wal_sender_timeout = '400ms'");
        LogWorkers mine = new LogWorkers(own);
        String watched = own.newTable();
        String other = own.newTable();
        try (CdcWorker worker = mine.worker(watched).build()) {
            Events events = Events.of(worker);
            own.insert(watched, 1, "one");
            events.await(1);
            for (int id = 0, seen = 0; seen < 100; id++) {
                own.insert(other, id, "another's");
                long confirmed = Lsn.parse(mine.slot("confirmed_flush_lsn"));
                String stored = TestSubscriber.get(worker.healthCheck()).facts().get("position");
                if (stored != null) { // else connecting anew: a reader that stood still was late with its answer
                    assertThat(confirmed).isLessThanOrEqualTo(Lsn.parse(stored));
                    seen++;
                }
            }
        }
        mine.dropSlot();
        database.execute("DROP DATABASE " + own.text("SELECT current_database()"));
    }

    /** A store whose writes are transactions of the same database, as those of the table of places are. */
    private static final class PlacesInTheDatabase implements StateStore {
        private final StateStore memory = StateStore.memory();
        private final AtomicInteger writes = new AtomicInteger();
        private final TestDatabase database;

        PlacesInTheDatabase(TestDatabase database) {
            this.database = database;
            database.execute("CREATE TABLE places (writes int PRIMARY KEY)");
        }

        @Override
        public @Nullable String load(String key) throws IOException {
            return memory.load(key);
        }

        @Override
        public void save(String key, String state) throws IOException {
            database.execute("INSERT INTO places VALUES (" + writes.incrementAndGet() + ")");
            memory.save(key, state);
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(120)).until(condition::getAsBoolean);
    }

    private long behind(String place) {
        return database.number("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), " + place + ")::bigint"
                + " FROM pg_replication_slots WHERE slot_name = '" + workers.name() + "'");
    }

    private void writeMebibytes(int mebibytes) {
        database.execute(
                "CREATE TABLE IF NOT EXISTS noise (b text)",
                "INSERT INTO noise SELECT repeat(md5(i::text), 32) FROM generate_series(1, " + mebibytes * 1024 + ") i",
                "TRUNCATE noise");
    }
}
