package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The log's connection is cut on the way, and only that: it stays open at both ends, and the server, without a {@code wal_sender_timeout},
 * never ends it.
 */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcLogSilenceIT {
    private PostgresTestServer server;
    private TestDatabase database;
    private FaultProxy proxy;
    private LogWorkers workers;

    @BeforeAll
    void start() {
        server = TestServers.newPostgres(Map.of("wal_sender_timeout", "0"));
        database = TestDatabase.postgres(server);
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    @BeforeEach
    void create() {
        proxy = new FaultProxy("127.0.0.1", server.port());
        workers = new LogWorkers(database);
    }

    @AfterEach
    void closeProxy() {
        proxy.close();
    }

    /** The log by the proxy, all other connections without it. */
    private CdcWorker.Builder worker(String table) {
        PGSimpleDataSource direct = new PGSimpleDataSource();
        direct.setUrl("jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?user=postgres");
        return workers.worker(table)
                .dbUrl("postgresql://postgres@127.0.0.1:" + proxy.port() + "/postgres")
                .dataSource(direct);
    }

    @Test
    void connectionThatIsCutBetweenMessages_isNoticed_andNothingIsMissed() {
        String table = database.newTable();
        try (CdcWorker worker = worker(table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 1, "one");
            events.await(1);
            proxy.freeze();
            database.insert(table, 2, "two");
            assertLost();
            proxy.heal();
            assertThat(events.last(2).key()).isEqualTo(Map.of("id", 2L));
        }
        workers.dropSlot();
    }

    @Test
    void connectionThatIsCutWithinAMessage_isNoticed_andNothingIsMissed() {
        String table = TestDatabase.newName("t");
        database.execute("CREATE TABLE " + table + " (id bigint PRIMARY KEY, body text)");
        try (CdcWorker worker = worker(table).build()) {
            Events events = Events.of(worker);
            database.execute("INSERT INTO " + table + " VALUES (1, 'one')");
            events.await(1);
            long before = proxy.bytes(Direction.TO_CLIENT);
            proxy.throttle(1 << 20);
            database.execute("INSERT INTO " + table + " VALUES (2, repeat('x', 16 << 20))");
            eventually("a message that has begun", () -> proxy.bytes(Direction.TO_CLIENT) > before + (1 << 20));
            proxy.freeze();
            assertLost();
            proxy.heal();
            ChangeEvent two = events.last(2);
            assertThat(Events.after(two).get("body").toString()).hasSize(16 << 20);
        }
        workers.dropSlot();
    }

    private void assertLost() {
        eventually("a connection that is lost", () -> workers.heard().events.contains("lost"));
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(condition::getAsBoolean);
    }
}
