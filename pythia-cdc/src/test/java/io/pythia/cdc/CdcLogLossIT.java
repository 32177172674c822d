package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
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
        server = TestServers.newPostgres(LogWorkers.FORGETFUL);
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

    @Test
    void slotThatIsAhead_isNoticed() throws Exception {
        database.insert(table, 2, "two");
        workers.moveSlot();
        assertDataLoss(workers.place(), workers.slot("confirmed_flush_lsn"), "ahead of our place");
        workers.dropSlot();
    }

    @Test
    void slotThatWasDropped_isNoticed() throws Exception {
        workers.dropSlot();
        assertDataLoss(workers.place(), "", "there is no slot");
    }

    @Test
    void slotThatWasMadeAnew_isNoticed() throws Exception {
        workers.dropSlot();
        database.insert(table, 2, "two");
        database.execute("SELECT pg_create_logical_replication_slot('" + workers.name() + "', 'pgoutput')");
        assertDataLoss(workers.place(), workers.slot("confirmed_flush_lsn"), "made anew");
        workers.dropSlot();
    }

    @Test
    void slotWhoseLogTheServerHasDropped_isNoticed() throws Exception {
        workers.loseLog();
        assertDataLoss(workers.place(), "", "max_slot_wal_keep_size");
        workers.dropSlot();
    }

    @Test
    void placeOfAnotherServer_isNoticed() throws Exception {
        String key = workers.placeKey();
        String state = String.valueOf(workers.store().load(key));
        workers.store().save(key, state.replaceAll("\"system\":\"[0-9]+\"", "\"system\":\"1\""));
        assertDataLoss(workers.place(), "", "another server");
        workers.dropSlot();
    }

    @Test
    void placeBeyondTheEndOfTheLog_isNoticed() throws Exception {
        workers.setPlace("FFFFFF/0");
        assertDataLoss("FFFFFF/0", "", "beyond the end of the log");
        workers.dropSlot();
    }
}
