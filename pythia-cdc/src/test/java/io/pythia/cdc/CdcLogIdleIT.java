package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
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
