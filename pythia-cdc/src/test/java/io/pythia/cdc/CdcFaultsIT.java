package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.PostgresTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What breaks in production, in both modes, on a PostgreSQL of its own: every row that was committed is counted. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CdcFaultsIT {
    private PostgresTestServer server;
    private TestDatabase database;

    @TempDir
    private Path folder;

    @BeforeAll
    void start() {
        server = TestServers.newPostgres(Map.of());
        database = TestDatabase.postgres(server);
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Writes rows with growing ids, and keeps those whose commit was confirmed. */
    private final class Load implements AutoCloseable {
        private final String table;
        private final Set<Object> confirmed = ConcurrentHashMap.newKeySet();
        private final AtomicBoolean running = new AtomicBoolean(true);
        private final Thread thread = new Thread(this::run, "load");

        Load(String table) {
            this.table = table;
            thread.start();
        }

        private void run() {
            for (long id = 1; running.get(); ) {
                try (Connection connection = database.open();
                        Statement statement = connection.createStatement()) {
                    for (; running.get(); id++) {
                        statement.execute("INSERT INTO " + table + " (id, name) VALUES (" + id + ", 'n')");
                        confirmed.add(id);
                        LockSupport.parkNanos(500_000);
                    }
                } catch (SQLException e) {
                    id++; // it may be there, or not
                    LockSupport.parkNanos(20_000_000);
                }
            }
        }

        @Override
        public void close() {
            running.set(false);
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private CdcWorker.Builder worker(CdcMode mode, String table, BrokerListener listener) {
        String own = "w_" + table;
        return CdcWorker.builder()
                .dbUrl(database.url())
                .tables(table)
                .pollInterval(Duration.ofMillis(20))
                .retry(LogWorkers.QUICK)
                .connectTimeout(Duration.ofSeconds(5))
                .listener(listener)
                .config(CdcConfig.builder()
                        .mode(mode)
                        .slot(own)
                        .publication("p_" + own)
                        .stateKey(own)
                        .statusInterval(Duration.ofMillis(500))
                        .statementTimeout(Duration.ofSeconds(5))
                        .build());
    }

    private static void consumeInto(CdcWorker worker, ConcurrentLinkedQueue<Object> delivered) {
        worker.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            delivered.add(java.util.Objects.requireNonNull(
                                    Events.event(message).key().get("id")));
                            message.ack();
                        },
                        error -> {}));
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(120)).until(condition::getAsBoolean);
    }

    private void awaitAll(Load load, ConcurrentLinkedQueue<Object> delivered) {
        load.close();
        eventually("all confirmed rows", () -> new HashSet<>(delivered).containsAll(load.confirmed));
    }

    private void dropSlot(CdcMode mode, String table) {
        if (mode == CdcMode.LOG) {
            database.execute("SELECT pg_drop_replication_slot('w_" + table + "')");
        }
    }

    /** F01, F30. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void server_killedUnderLoad_losesNothing(CdcMode mode) {
        String table = database.newTable();
        ConcurrentLinkedQueue<Object> delivered = new ConcurrentLinkedQueue<>();
        LogWorkers.Heard heard = new LogWorkers.Heard();
        try (CdcWorker worker = worker(mode, table, heard).build();
                Load load = new Load(table)) {
            TestSubscriber.get(worker.connect());
            consumeInto(worker, delivered);
            for (int kill = 0; kill < 4; kill++) {
                int before = delivered.size();
                eventually("rows", () -> delivered.size() > before + 200);
                if (kill % 2 == 0) {
                    server.kill();
                } else {
                    server.stop();
                }
                eventually(
                        "a health that says so",
                        () -> TestSubscriber.get(worker.healthCheck()).status() == Health.Status.DOWN);
                server.start();
            }
            int before = delivered.size();
            eventually("rows after the last one", () -> delivered.size() > before + 200);
            awaitAll(load, delivered);
            assertThat(heard.events).contains("lost", "restored");
            assertThat(heard.gaps).isEmpty();
            // Of the log each transaction has one row here: what was in flight or acknowledged and not stored comes
            // again.
            assertThat(delivered.size() - new HashSet<>(delivered).size()).isLessThanOrEqualTo(4 * 10_000);
        }
        dropSlot(mode, table);
    }

    /** F04, F18. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void connections_resetAndTerminated_losesNothing(CdcMode mode) {
        String table = database.newTable();
        ConcurrentLinkedQueue<Object> delivered = new ConcurrentLinkedQueue<>();
        try (CdcWorker worker = worker(mode, table, BrokerListener.NONE).build();
                Load load = new Load(table)) {
            TestSubscriber.get(worker.connect());
            consumeInto(worker, delivered);
            for (int round = 0; round < 10; round++) {
                int before = delivered.size();
                eventually("rows", () -> delivered.size() > before + 50);
                if (round % 2 == 0) {
                    server.proxy().resetAll();
                } else {
                    terminateSessions();
                }
            }
            int before = delivered.size();
            eventually("rows after the last one", () -> delivered.size() > before + 50);
            awaitAll(load, delivered);
        }
        dropSlot(mode, table);
    }

    private void terminateSessions() {
        database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'pythia-cdc%'");
    }

    /** F05. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void network_thatSwallowsEverything_isNoticed_andLosesNothing(CdcMode mode) {
        String table = database.newTable();
        ConcurrentLinkedQueue<Object> delivered = new ConcurrentLinkedQueue<>();
        database.insert(table, 1, "before");
        try (CdcWorker worker = worker(mode, table, BrokerListener.NONE).build()) {
            TestSubscriber.get(worker.connect());
            consumeInto(worker, delivered);
            eventually("the first row", () -> delivered.contains(1L));
            server.proxy().freeze();
            eventually(
                    "a health that says so",
                    () -> TestSubscriber.get(worker.healthCheck()).status() == Health.Status.DOWN);
            server.proxy().heal();
            server.proxy().resetAll();
            database.insert(table, 2, "after");
            eventually("the row after it", () -> delivered.contains(2L));
        }
        dropSlot(mode, table);
    }

    /** F13. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void consumerProcess_killed20Times_losesNothing(CdcMode mode) throws IOException {
        String table = database.newTable();
        int count = 20_000;
        Path journal = folder.resolve("journal-" + mode);
        Files.createFile(journal);
        String slot = "w_" + table;
        Random random = new Random(16);
        for (int kill = 0; kill < 20; kill++) {
            // The log: a thousand rows of one transaction, and a thousand transactions of one row.
            int from = kill * 1_000;
            database.execute("INSERT INTO " + table + " (id, name) SELECT i, 'n' FROM generate_series(" + (from + 1)
                    + ", " + (from + 900) + ") i");
            insertSingly(table, from + 901, from + 1_000);
            long enough = Files.size(journal) + 5L * (1 + random.nextInt(1_000));
            try (ChildJvm child = child(table, mode, slot, journal)) {
                eventually(
                        "progress before the kill",
                        () -> size(journal) >= enough || distinct(journal).size() >= from + 1_000);
                child.kill();
            }
        }
        try (ChildJvm last = child(table, mode, slot, journal)) {
            eventually("all rows", () -> distinct(journal).size() == count);
            last.kill();
        }
        int repeated = lines(journal).size() - count;
        System.out.println(mode + ": killed 20 times, lost 0 of " + count + ", delivered again " + repeated);
        // At each kill what was in flight, and one transaction.
        assertThat(repeated).isLessThanOrEqualTo(20 * (500 + 1_000 + 500));
        eventually("the end of the last session", () -> !"t".equals(activeSlot(slot)));
        dropSlot(mode, table);
    }

    private String activeSlot(String slot) {
        return database.text("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot + "'");
    }

    private ChildJvm child(String table, CdcMode mode, String slot, Path journal) {
        return new ChildJvm(ConsumingChild.class, database.url(), table, mode.name(), slot, journal.toString());
    }

    private void insertSingly(String table, int from, int to) {
        try (Connection connection = database.open();
                Statement statement = connection.createStatement()) {
            for (int id = from; id <= to; id++) {
                statement.execute("INSERT INTO " + table + " (id, name) VALUES (" + id + ", 'n')");
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** A last line that a kill tore is half an id: those of more digits follow it, so it is left out. */
    private static List<String> lines(Path journal) {
        try {
            String text = Files.readString(journal);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Set<String> distinct(Path journal) {
        return new HashSet<>(lines(journal));
    }

    /** F33, the log's part: ten thousand rows that share one place of the log, and an end in the middle of them. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void manyRowsOfOneStatement_andAnEndInTheMiddle_allArrive(CdcMode mode) {
        String table = database.newTable();
        Set<Object> keys = new HashSet<>();
        int delivered = 0;
        try (CdcWorker worker = worker(mode, table, BrokerListener.NONE).build()) {
            TestSubscriber.get(worker.connect());
            TestSubscriber subscriber = TestSubscriber.requesting(4_000);
            worker.consume().subscribe(subscriber);
            database.execute("INSERT INTO " + table + " (id, name, updated_at) SELECT i, 'n', '2026-01-01'"
                    + " FROM generate_series(1, 10000) i");
            for (Message message : subscriber.await(4_000)) {
                message.ack();
                keys.add(Events.event(message).key());
                delivered++;
            }
        }
        try (CdcWorker worker = worker(mode, table, BrokerListener.NONE).build()) {
            int rest = mode == CdcMode.LOG ? 10_000 : 6_000;
            for (ChangeEvent event : Events.of(worker).await(rest)) {
                keys.add(event.key());
                delivered++;
            }
        }
        assertThat(keys).hasSize(10_000);
        // A transaction of the log comes again as a whole, a poll goes on where it was.
        assertThat(delivered).isEqualTo(mode == CdcMode.LOG ? 14_000 : 10_000);
        dropSlot(mode, table);
    }

    /** F40. */
    @ParameterizedTest
    @EnumSource(CdcMode.class)
    void closeAtAnyMoment_underLoad_losesNothing_andLeavesNothing(CdcMode mode) {
        String table = database.newTable();
        ConcurrentLinkedQueue<Object> delivered = new ConcurrentLinkedQueue<>();
        Random random = new Random(40);
        int closes = Integer.getInteger("pythia.cdc.closes", 30);
        try (Load load = new Load(table)) {
            for (int round = 0; round < closes; round++) {
                try (CdcWorker worker = worker(mode, table, BrokerListener.NONE)
                        .closeTimeout(Duration.ofSeconds(10))
                        .build()) {
                    consumeInto(worker, delivered);
                    LockSupport.parkNanos(random.nextInt(150) * 1_000_000L);
                }
            }
            try (CdcWorker worker = worker(mode, table, BrokerListener.NONE).build()) {
                consumeInto(worker, delivered);
                awaitAll(load, delivered);
            }
        }
        eventually(
                "no thread of ours",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().startsWith("pythia-cdc")));
        eventually(
                "no connection of ours",
                () -> database.number("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pythia-cdc%'")
                        == 0);
        dropSlot(mode, table);
    }
}
