package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.BrokerMetrics;
import io.pythia.Message;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What each option that has no test elsewhere does. */
@Timeout(240)
class CdcOptionsIT {
    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());

    private static CdcWorker.Builder worker(TestDatabase database, CdcConfig config, String table) {
        return CdcWorker.builder()
                .dbUrl(database.url())
                .tables(table)
                .pollInterval(Duration.ofMillis(30))
                .retry(LogWorkers.QUICK)
                .stateStore(StateStore.memory())
                .config(config);
    }

    /** Delivers while another session holds the table, and returns what the listener was told of. */
    private List<String> outagesWhileLocked(CdcConfig config) throws SQLException {
        String table = database.newTable();
        List<String> outages = new CopyOnWriteArrayList<>();
        io.pythia.BrokerListener listener = new io.pythia.BrokerListener() {
            @Override
            public void connectionLost(String broker, BrokerException cause) {
                outages.add(cause.getMessage());
            }
        };
        database.insert(table, 1, "one");
        try (CdcWorker worker =
                        worker(database, config, table).listener(listener).build();
                Connection other = database.open();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute("LOCK TABLE " + table);
            Events events = Events.of(worker);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !outages.isEmpty());
            other.rollback();
            assertThat(events.last(1).key()).isEqualTo(Map.of("id", 1L));
        }
        return outages;
    }

    @Test
    void lockTimeout_endsAWaitForALock() throws SQLException {
        CdcConfig config =
                CdcConfig.builder().lockTimeout(Duration.ofMillis(200)).build();
        assertThat(outagesWhileLocked(config).get(0)).contains("a lock was not free in time");
    }

    @Test
    void statementTimeout_endsALongStatement() throws SQLException {
        CdcConfig config = CdcConfig.builder()
                .lockTimeout(Duration.ofMinutes(5))
                .statementTimeout(Duration.ofSeconds(2)) // those of connect() need some time, too
                .build();
        assertThat(outagesWhileLocked(config).get(0)).contains("longer than the statement timeout");
    }

    @Test
    void propertiesOfTheDriver_reachIt() {
        String schema = TestDatabase.newName("schema");
        database.execute(
                "CREATE SCHEMA " + schema,
                "CREATE TABLE " + schema + ".t (id int PRIMARY KEY, updated_at timestamptz DEFAULT now())",
                "INSERT INTO " + schema + ".t VALUES (1)");
        CdcConfig config =
                CdcConfig.builder().properties(Map.of("currentSchema", schema)).build();
        try (CdcWorker worker = worker(database, config, "t").build()) {
            assertThat(Events.of(worker).last(1).schema()).isEqualTo(schema);
        }
    }

    @Test
    void outboxColumns_makeTheMessage() {
        String table = database.newTable();
        database.insert(table, 7, "the body");
        CdcConfig config = CdcConfig.builder()
                .idColumn("id")
                .keyColumn("name")
                .bodyColumn("name")
                .build();
        try (CdcWorker worker = worker(database, config, table).build()) {
            Message message = Events.of(worker).subscriber().await(1).get(0);
            assertThat(message.id()).isEqualTo("7");
            assertThat(message.key()).isEqualTo("the body");
            assertThat(message.text()).isEqualTo("the body");
        }
        CdcConfig wrong = config.toBuilder().bodyColumn("no_such").build();
        try (CdcWorker worker = worker(database, wrong, table).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect())).hasStackTraceContaining("body-column");
        }
    }

    @Test
    void overlap_isHowFarALateRowIsLookedFor() {
        TestDatabase h2 = TestDatabase.h2();
        String table = h2.newTable();
        CdcConfig none = CdcConfig.builder().overlap(Duration.ZERO).build();
        CdcConfig hour = CdcConfig.builder().overlap(Duration.ofHours(1)).build();
        try (CdcWorker strict = worker(h2, none, table).build();
                CdcWorker patient = worker(h2, hour, table).build()) {
            Events toStrict = Events.of(strict);
            Events toPatient = Events.of(patient);
            h2.insert(table, 1, "one");
            toStrict.await(1);
            toPatient.await(1);
            h2.execute("INSERT INTO " + table
                    + " (id, name, updated_at) VALUES (2, 'late', DATEADD(MINUTE, -30, CURRENT_TIMESTAMP))");
            assertThat(toPatient.last(2).key()).isEqualTo(Map.of("ID", 2L));
            h2.insert(table, 3, "three");
            assertThat(toStrict.last(2).key()).isEqualTo(Map.of("ID", 3L));
            assertThat(toPatient.last(3).key()).isEqualTo(Map.of("ID", 3L));
        }
    }

    @Test
    void pollInterval_isThePauseBetweenPolls() {
        TestDatabase h2 = TestDatabase.h2();
        String table = h2.newTable();
        try (CdcWorker worker = worker(h2, CdcConfig.defaults(), table)
                .pollInterval(Duration.ofHours(1))
                .build()) {
            Events.of(worker);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> fact(worker, "polls").equals("1"));
            assertThat(Long.parseLong(fact(worker, "next-poll-ms")))
                    .isBetween(
                            Duration.ofMinutes(50).toMillis(),
                            Duration.ofHours(1).toMillis());
        }
    }

    private static String fact(CdcWorker worker, String name) {
        return TestSubscriber.get(worker.healthCheck()).facts().getOrDefault(name, "");
    }

    @Test
    void batchSize_isHowManyRowsAreTakenAtOnce() {
        TestDatabase h2 = TestDatabase.h2();
        String table = h2.newTable();
        for (int id = 0; id < 20; id++) {
            h2.insert(table, id, "n");
        }
        List<Integer> batches = new CopyOnWriteArrayList<>();
        BrokerMetrics metrics = new BrokerMetrics() {
            @Override
            public void received(String broker, int count, long bytes) {
                batches.add(count);
            }
        };
        try (CdcWorker worker = worker(h2, CdcConfig.defaults(), table)
                .batchSize(7)
                .metrics(metrics)
                .build()) {
            Events.of(worker).await(20);
        }
        assertThat(batches).containsExactly(7, 7, 6);
    }

    @Test
    void dataSourceOfTheApplication_isUsed() {
        TestDatabase h2 = TestDatabase.h2();
        String table = h2.newTable();
        h2.insert(table, 1, "one");
        JdbcDataSource source = new JdbcDataSource();
        source.setURL(h2.jdbc());
        try (CdcWorker worker = worker(h2, CdcConfig.defaults(), table)
                .dbUrl("h2:mem:nothing_is_here")
                .dataSource(source)
                .build()) {
            assertThat(Events.of(worker).last(1).key()).isEqualTo(Map.of("ID", 1L));
        }
    }

    @Test
    void maxConnections_limitsThePool() throws SQLException {
        TestDatabase h2 = TestDatabase.h2();
        DatabaseUrl url = DatabaseUrl.parse(h2.url());
        CdcConfig config = CdcConfig.builder().maxConnections(2).build();
        CdcSettings settings = new CdcSettings(
                "cdc:test",
                url,
                null,
                List.of("t"),
                Duration.ZERO,
                config,
                null,
                DriverProperties.of(url, config),
                Duration.ofSeconds(4),
                10,
                io.pythia.BrokerListener.NONE);
        List<Connection> taken = new ArrayList<>();
        try (Database limited = new Database(settings)) {
            limited.open();
            taken.add(limited.connection());
            taken.add(limited.connection());
            assertThatThrownBy(limited::connection).isInstanceOf(SQLException.class);
        }
        assertThat(taken).hasSize(2);
    }

    @Test
    void transactionThatRunsLong_isInTheHealth() throws SQLException {
        String table = database.newTable();
        try (CdcWorker worker = worker(database, CdcConfig.defaults(), table).build();
                Connection other = database.open();
                Statement statement = other.createStatement()) {
            TestSubscriber.get(worker.connect());
            Events.of(worker);
            other.setAutoCommit(false);
            statement.execute("INSERT INTO " + table + " (id) VALUES (1)");
            database.newTable(); // a later transaction, which has ended
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() ->
                            TestSubscriber.get(worker.healthCheck()).facts().containsKey("waits-for-transaction"));
            other.commit();
        }
    }
}
