package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A consumer that is killed at each step of beginning anew, {@link SlotLoss#SNAPSHOT}. */
@Timeout(400)
class CdcSlotLossKillIT {
    private static final int ROWS = 40_000;

    /** Its own: while a transaction runs, nobody gets a slot from its server. */
    private final PostgresTestServer server = TestServers.newPostgres(Map.of());

    private final TestDatabase database = TestDatabase.postgres(server);
    private final LogWorkers workers = new LogWorkers(database);
    private final String table = database.newTable();

    @TempDir
    private Path folder;

    private Path journal;

    @AfterEach
    void stop() {
        TestServers.close(server);
    }

    @BeforeEach
    void consumeAll_andLoseTheSlot() throws IOException {
        insert(1, 1_000);
        journal = Files.createFile(folder.resolve("before"));
        try (ChildJvm child = child()) {
            eventually("all rows", () -> FaultCases.distinct(journal).equals(ids(1_000)));
            eventually("a place behind them", () -> !state().contains("snapshot") && !state().isEmpty());
            child.kill();
        }
        workers.dropSlot();
        insert(1_001, ROWS);
        journal = Files.createFile(folder.resolve("after"));
    }

    @Test
    void consumerProcess_killedAtEachStep_readsAllRows() throws Exception {
        killWhileTheSlotIsMade();
        killBeforeThePlaceIsStored();
        killWhileRowsAreRead();
        try (ChildJvm child = child()) {
            eventually("all rows", () -> FaultCases.distinct(journal).equals(ids(ROWS)));
            insert(ROWS + 1, ROWS + 1);
            eventually("what comes later", () -> FaultCases.distinct(journal).equals(ids(ROWS + 1)));
            assertThat(told(child)).isFalse();
            child.kill();
        }
        workers.dropSlot();
    }

    /** A transaction that runs holds it up. The server ends the session of who was killed only then. */
    private void killWhileTheSlotIsMade() throws SQLException {
        try (Connection running = running()) {
            try (ChildJvm child = child()) {
                eventually("a slot that is being made", this::isBeingMade);
                assertThat(state()).contains("\"lost\"");
                child.kill();
            }
            running.rollback();
        }
        eventually("the end of its session", () -> !workers.slot("active").equals("t"));
    }

    private void killBeforeThePlaceIsStored() throws SQLException {
        try (Connection running = running();
                Connection locking = database.open()) {
            try (ChildJvm child = child()) {
                eventually("a slot that is being made", this::isBeingMade);
                locking.setAutoCommit(false);
                execute(locking, "LOCK TABLE pythia_cdc_state IN SHARE MODE");
                running.rollback();
                eventually(
                        "a place that waits to be stored",
                        () -> database.number("SELECT count(*) FROM pg_locks WHERE NOT granted"
                                        + " AND relation = 'pythia_cdc_state'::regclass")
                                == 1);
                assertThat(workers.slot("confirmed_flush_lsn")).isNotEqualTo("null");
                eventually("an event that was told", () -> told(child));
                child.kill();
            }
            locking.rollback();
        }
        eventually("a slot that is left", () -> workers.slot("active").equals("f"));
        assertThat(state()).contains("\"lost\"");
        assertThat(FaultCases.distinct(journal)).isEmpty();
    }

    private void killWhileRowsAreRead() {
        try (ChildJvm child = child()) {
            eventually("some rows", () -> FaultCases.distinct(journal).size() > 200);
            eventually("an event that was told", () -> told(child));
            child.kill();
        }
        assertThat(FaultCases.distinct(journal).size()).isLessThan(ROWS);
        assertThat(state()).contains("\"snapshot\"").doesNotContain("\"lost\"");
    }

    private static boolean told(ChildJvm child) {
        try {
            return Files.readString(child.log()).contains("all rows are read anew");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private boolean isBeingMade() {
        return workers.slot("active").equals("t")
                && workers.slot("confirmed_flush_lsn").equals("null");
    }

    /** Begins a transaction that has a number: no slot is made before its end. */
    private Connection running() throws SQLException {
        Connection connection = database.open();
        connection.setAutoCommit(false);
        execute(connection, "SELECT pg_current_xact_id()");
        return connection;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private ChildJvm child() {
        return new ChildJvm(
                ConsumingChild.class,
                database.url(),
                table,
                CdcMode.LOG.name(),
                workers.name(),
                journal.toString(),
                SlotLoss.SNAPSHOT.name());
    }

    private String state() {
        return database.text("SELECT state FROM pythia_cdc_state");
    }

    private void insert(int from, int to) {
        database.execute(
                "INSERT INTO " + table + " (id, name) SELECT i, 'n' FROM generate_series(" + from + ", " + to + ") i");
    }

    private static Set<String> ids(int last) {
        return IntStream.rangeClosed(1, last).mapToObj(Integer::toString).collect(Collectors.toSet());
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .ignoreExceptions()
                .pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(120))
                .until(condition::getAsBoolean);
    }
}
