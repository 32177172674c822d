package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CdcPostgresPollingIT extends PollingCases {
    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());

    @Override
    TestDatabase database() {
        return database;
    }

    /** Rows of later transactions than one that still runs, whose times are further apart than the overlap. */
    @Test
    void rowsThatTheFirstRoundPutsOff_allArrive() throws SQLException {
        String table = database.newTable();
        CdcConfig config = config().toBuilder().overlap(Duration.ofMillis(100)).build();
        try (Connection running = database.open();
                CdcWorker worker = worker(StateStore.memory(), config, table).build()) {
            running.setAutoCommit(false);
            Database.execute(running, "SELECT pg_current_xact_id()");
            database.execute(
                    "INSERT INTO " + table + " (id, updated_at) VALUES (1, now() - interval '500 ms')",
                    "INSERT INTO " + table + " (id, updated_at) VALUES (2, now())");
            Events events = Events.of(worker);
            Awaitility.await()
                    .atMost(TestSubscriber.LIMIT_SECONDS, TimeUnit.SECONDS)
                    .until(() -> polls(worker) > 1);
            assertThat(events.subscriber().count()).isZero();
            running.commit();
            Set<Object> keys = new HashSet<>();
            events.await(2).forEach(event -> keys.addAll(event.key().values()));
            assertThat(keys).containsExactlyInAnyOrder(1L, 2L);
        }
    }

    /** As after a restore, or when the database has moved to another server: the place would be waited for, and then passed over. */
    @ParameterizedTest
    @CsvSource({"fromXid", "toXid"})
    void placeThatTheServerHasNotReached_isNoticed(String where) throws IOException {
        String table = database.newTable();
        database.insert(table, 1, "one");
        StateStore store = StateStore.memory();
        try (CdcWorker worker = worker(store, config(), table).build()) {
            Events.of(worker).await(1);
        }
        String key = "polling:" + database.url().replaceAll(".*@", "") + "#default";
        String state = String.valueOf(store.load(key));
        store.save(key, state.replaceAll("\"" + where + "\":[0-9]+", "\"" + where + "\":9000000000000"));
        LogWorkers.Heard heard = new LogWorkers.Heard();
        try (CdcWorker worker = worker(store, config(), table).listener(heard).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            worker.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd())
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("data loss")
                    .hasMessageContaining("9000000000000");
            assertThat(subscriber.count()).isZero();
            assertThat(heard.gaps).hasSize(1);
            assertThat(heard.gaps.get(0).from()).isEqualTo("9000000000000");
        }
    }
}
