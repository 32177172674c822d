package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** F31: what happens when the server does not keep its log for us, or the slot is another one. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcLogLossIT {
    private PostgresTestServer server;
    private TestDatabase database;
    private LogWorkers workers;
    private String table;

    @BeforeAll
    void start() {
        server = TestServers.newPostgres(Map.of(
                "max_slot_wal_keep_size",
                "32MB",
                "min_wal_size",
                "32MB",
                "max_wal_size",
                "48MB",
                "wal_keep_size",
                "0"));
        database = TestDatabase.postgres(server);
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    @BeforeEach
    void consumeSome() {
        workers = new LogWorkers(database);
        table = database.newTable();
        try (CdcWorker worker = workers.worker(table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 1, "one");
            events.await(1);
        }
    }

    /** Connects, and expects it to stop with both places named. */
    private void assertDataLoss(String ours, String theirs, String why) {
        try (CdcWorker worker = workers.worker(table).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            worker.consume().subscribe(subscriber);
            Throwable end = subscriber.awaitEnd();
            assertThat(end)
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("data loss")
                    .hasMessageContaining(why);
            assertThat(end).hasMessageContaining(ours);
            assertThat(((BrokerException) end).isRetryable()).isFalse();
            assertThat(subscriber.count()).isZero();
            assertThat(workers.heard().gaps).hasSize(1);
            assertThat(workers.heard().gaps.get(0).from()).isEqualTo(ours);
            if (!theirs.isEmpty()) {
                assertThat(end).hasMessageContaining(theirs);
                assertThat(workers.heard().gaps.get(0).to()).isEqualTo(theirs);
            }
        }
    }

    private String ourPlace() throws java.io.IOException {
        String state = workers.store().load("log:" + server.address() + "/postgres#" + workers.name());
        return String.valueOf(state).replaceAll(".*\"lsn\":\"([0-9A-F/]+)\".*", "$1");
    }

    @Test
    void slotThatIsAhead_isNoticed() throws Exception {
        database.insert(table, 2, "two");
        database.execute("SELECT pg_replication_slot_advance('" + workers.name() + "', pg_current_wal_lsn())");
        assertDataLoss(ourPlace(), workers.slot("confirmed_flush_lsn"), "ahead of our place");
        workers.dropSlot();
    }

    @Test
    void slotThatWasDropped_isNoticed() throws Exception {
        workers.dropSlot();
        assertDataLoss(ourPlace(), "", "there is no slot");
    }

    @Test
    void slotThatWasMadeAnew_isNoticed() throws Exception {
        workers.dropSlot();
        database.insert(table, 2, "two");
        database.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'pgoutput')");
        assertDataLoss(ourPlace(), workers.slot("confirmed_flush_lsn"), "made anew");
        workers.dropSlot();
    }

    @Test
    void slotWhoseLogTheServerHasDropped_isNoticed() throws Exception {
        for (int i = 0; i < 40 && !workers.slot("wal_status").equals("lost"); i++) {
            writeMebibytes(8);
            database.execute("SELECT pg_switch_wal()", "CHECKPOINT");
        }
        assertThat(workers.slot("wal_status")).isEqualTo("lost");
        assertDataLoss(ourPlace(), "", "max_slot_wal_keep_size");
        workers.dropSlot();
    }

    @Test
    void placeOfAnotherServer_isNoticed() throws Exception {
        String key = "log:" + server.address() + "/postgres#" + workers.name();
        String state = String.valueOf(workers.store().load(key));
        workers.store().save(key, state.replaceAll("\"system\":\"[0-9]+\"", "\"system\":\"1\""));
        assertDataLoss(ourPlace(), "", "another server");
        workers.dropSlot();
    }

    private void writeMebibytes(int mebibytes) {
        database.execute(
                "CREATE TABLE IF NOT EXISTS noise (b text)",
                "INSERT INTO noise SELECT repeat(md5(i::text), 32) FROM generate_series(1, " + mebibytes * 1024 + ") i",
                "TRUNCATE noise");
    }
}
