package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerListener;
import io.pythia.ConnectPolicy;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
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
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What breaks in production, in both modes and for polling on MariaDB, too, each on a server of its own: every change that was committed is
 * counted.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FaultCases {
    private static final int WINDOW = 500;
    /** How long an acknowledgement may wait to be stored, and what a poll of MariaDB looks back. */
    private static final int SECONDS_TO_REPEAT = 1;

    /** How the changes are captured, and of what. */
    enum Source {
        LOG(CdcMode.LOG),
        POSTGRES(CdcMode.POLLING),
        MARIADB(CdcMode.POLLING);

        private final CdcMode mode;

        Source(CdcMode mode) {
            this.mode = mode;
        }
    }

    private final Source source;
    private TestServer server;

    @TempDir
    private Path folder;

    FaultCases(Source source) {
        this.source = source;
    }

    @BeforeAll
    void start() {
        server = source == Source.MARIADB ? TestServers.newMariaDb(Map.of()) : TestServers.newPostgres(Map.of());
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private TestDatabase database() {
        return source == Source.MARIADB ? TestDatabase.mariaDb(server) : TestDatabase.postgres(server);
    }

    private CdcWorker.Builder worker(String table, BrokerListener listener) {
        String own = "w_" + table;
        CdcConfig.Builder config = CdcConfig.builder()
                .mode(source.mode)
                .slot(own)
                .publication("p_" + own)
                .stateKey(own)
                .statusInterval(Duration.ofMillis(500))
                .statementTimeout(Duration.ofSeconds(5));
        if (source == Source.MARIADB) {
            config.overlap(Duration.ofSeconds(SECONDS_TO_REPEAT));
        }
        return CdcWorker.builder()
                .dbUrl(database().url())
                .tables(table)
                .pollInterval(Duration.ofMillis(20))
                .maxInFlight(WINDOW)
                .retry(LogWorkers.QUICK)
                .connectTimeout(Duration.ofSeconds(5))
                .connectPolicy(ConnectPolicy.WAIT) // just after its start a server may take longer
                .listener(listener)
                .config(config.build());
    }

    private static void consumeInto(CdcWorker worker, Account account) {
        worker.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            account.delivered(Events.event(message));
                            message.ack();
                        },
                        error -> {}));
    }

    /** Consumes. The snapshot is over then: one that a fault interrupts goes on in a newer one, ahead of the log. */
    private static CdcWorker begin(CdcWorker.Builder builder, Account account) {
        CdcWorker worker = builder.build();
        TestSubscriber.get(worker.connect());
        consumeInto(worker, account);
        eventually(
                "the end of the snapshot",
                () -> !TestSubscriber.get(worker.healthCheck())
                        .facts()
                        .getOrDefault("phase", "")
                        .equals("snapshot"));
        return worker;
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(120))
                .until(condition::getAsBoolean);
    }

    private static void awaitMore(Account account, int more) {
        int before = account.deliveries();
        eventually("more changes", () -> account.deliveries() > before + more);
    }

    private static void settle(Account account, RowWriter writer, int faults) {
        writer.close();
        eventually("all that was confirmed", account::isComplete);
        System.out.println(faults + " faults, " + account);
        // At each what was in flight, and what was acknowledged and not stored or lies in the overlap.
        account.verify(faults * (WINDOW + SECONDS_TO_REPEAT * RowWriter.MOST_PER_SECOND));
    }

    private void dropSlot(String table) {
        if (source == Source.LOG) {
            TestDatabase database = database();
            String slot = "'w_" + table + "'";
            eventually(
                    "the end of the session that reads from " + slot,
                    () -> !database.text("SELECT active FROM pg_replication_slots WHERE slot_name = " + slot)
                            .equals("t"));
            database.execute("SELECT pg_drop_replication_slot(" + slot + ")");
        }
    }

    /** F01, F02, F30: 20 times killed, and in between stopped four times. */
    @Test
    void server_killedAndStoppedUnderLoad_losesNothing() {
        int faults = 24;
        String table = database().newTable();
        Account account = new Account(source.mode);
        LogWorkers.Heard heard = new LogWorkers.Heard();
        try (CdcWorker worker = begin(worker(table, heard), account);
                RowWriter writer = new RowWriter(database(), table, account)) {
            for (int fault = 0; fault < faults; fault++) {
                awaitMore(account, 100);
                if (fault % 6 == 5) {
                    server.stop();
                } else {
                    server.kill();
                }
                eventually(
                        "a health that says so",
                        () -> TestSubscriber.get(worker.healthCheck()).status() == Health.Status.DOWN);
                server.start();
            }
            awaitMore(account, 100);
            settle(account, writer, faults);
            assertThat(heard.events).contains("lost", "restored");
            assertThat(heard.gaps).isEmpty();
        }
        dropSlot(table);
    }

    /** F04, F18. */
    @Test
    void connections_resetAndTerminated_losesNothing() {
        int faults = 10;
        String table = database().newTable();
        Account account = new Account(source.mode);
        try (CdcWorker worker = begin(worker(table, BrokerListener.NONE), account);
                RowWriter writer = new RowWriter(database(), table, account)) {
            for (int fault = 0; fault < faults; fault++) {
                awaitMore(account, 50);
                if (fault % 2 == 0) {
                    server.proxy().resetAll();
                } else {
                    terminateSessions();
                }
            }
            awaitMore(account, 50);
            settle(account, writer, faults);
        }
        dropSlot(table);
    }

    private void terminateSessions() {
        database()
                .execute(
                        source == Source.MARIADB
                                ? "KILL USER root"
                                : "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                        + " WHERE application_name LIKE 'pythia-cdc%'");
    }

    /** F05. */
    @Test
    void network_thatSwallowsEverything_isNoticed_andLosesNothing() {
        String table = database().newTable();
        Account account = new Account(source.mode);
        try (CdcWorker worker = begin(worker(table, BrokerListener.NONE), account);
                RowWriter writer = new RowWriter(database(), table, account)) {
            awaitMore(account, 50);
            server.proxy().freeze();
            eventually(
                    "a health that says so",
                    () -> TestSubscriber.get(worker.healthCheck()).status() == Health.Status.DOWN);
            server.proxy().heal();
            server.proxy().resetAll();
            awaitMore(account, 50);
            settle(account, writer, 1);
        }
        dropSlot(table);
    }

    /** F13. */
    @Test
    void consumerProcess_killed20Times_losesNothing() throws IOException {
        TestDatabase database = database();
        String table = database.newTable();
        Path journal = folder.resolve("journal-" + source);
        Files.createFile(journal);
        Set<String> wanted = new HashSet<>();
        Random random = new Random(16);
        for (int kill = 0; kill < 20; kill++) {
            // The log: a transaction of many rows, and many of one row.
            int from = kill * 1_000;
            insert(table, from + 1, from + 900);
            insertSingly(database, table, from + 901, from + 1_000);
            IntStream.rangeClosed(from + 1, from + 1_000).forEach(id -> wanted.add(Integer.toString(id)));
            long enough = Files.size(journal) + 5L * (1 + random.nextInt(1_000));
            try (ChildJvm child = child(table, journal)) {
                eventually(
                        "progress before the kill",
                        () -> size(journal) >= enough || distinct(journal).containsAll(wanted));
                child.kill();
            }
        }
        try (ChildJvm last = child(table, journal)) {
            eventually("all rows", () -> distinct(journal).containsAll(wanted));
            last.kill();
        }
        assertThat(distinct(journal)).isEqualTo(wanted);
        int repeated = lines(journal).size() - wanted.size();
        System.out.println(source + ": killed 20 times, lost 0 of " + wanted.size() + ", delivered again " + repeated);
        // At each kill what was in flight, and one transaction, and what lies in the overlap: that of a round at most.
        // None at all would mean that no kill was in the middle.
        assertThat(repeated).isBetween(1, 20 * (WINDOW + 1_000 + 500));
        eventually("the end of the last session", () -> source != Source.LOG || !isActive(database, "w_" + table));
        dropSlot(table);
    }

    private static boolean isActive(TestDatabase database, String slot) {
        return database.text("SELECT active FROM pg_replication_slots WHERE slot_name = '" + slot + "'")
                .equals("t");
    }

    private ChildJvm child(String table, Path journal) {
        return new ChildJvm(
                ConsumingChild.class, database().url(), table, source.mode.name(), "w_" + table, journal.toString());
    }

    private void insert(String table, int from, int to) {
        database()
                .execute("INSERT INTO " + table + " (id, name) SELECT "
                        + (source == Source.MARIADB
                                ? "seq, 'n' FROM seq_" + from + "_to_" + to
                                : "i, 'n' FROM generate_series(" + from + ", " + to + ") i"));
    }

    private static void insertSingly(TestDatabase database, String table, int from, int to) {
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

    /** A last line that was torn by a kill does not count. */
    private static List<String> lines(Path journal) {
        try {
            String text = Files.readString(journal);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    static Set<String> distinct(Path journal) {
        return new HashSet<>(lines(journal));
    }

    /** F33, the log's part: ten thousand rows that share one place of the log, and an end in the middle of them. */
    @Test
    void manyRowsOfOneStatement_andAnEndInTheMiddle_allArrive() {
        TestDatabase database = database();
        String table = database.newTable();
        Set<Object> keys = new HashSet<>();
        int delivered = 0;
        try (CdcWorker worker =
                worker(table, BrokerListener.NONE).maxInFlight(5_000).build()) {
            TestSubscriber.get(worker.connect());
            TestSubscriber subscriber = TestSubscriber.requesting(4_000);
            worker.consume().subscribe(subscriber);
            database.execute("INSERT INTO " + table + " (id, name, updated_at) SELECT "
                    + (source == Source.MARIADB ? "seq" : "i") + ", 'n', '2026-01-01'"
                    + (source == Source.MARIADB ? " FROM seq_1_to_10000" : " FROM generate_series(1, 10000) i"));
            for (Message message : subscriber.await(4_000)) {
                message.ack();
                keys.add(Events.event(message).key());
                delivered++;
            }
        }
        try (CdcWorker worker = worker(table, BrokerListener.NONE).build()) {
            int rest = source == Source.LOG ? 10_000 : 6_000;
            for (ChangeEvent event : Events.of(worker).await(rest)) {
                keys.add(event.key());
                delivered++;
            }
        }
        assertThat(keys).hasSize(10_000);
        // A transaction of the log comes again as a whole, a poll goes on where it was.
        assertThat(delivered).isEqualTo(source == Source.LOG ? 14_000 : 10_000);
        dropSlot(table);
    }

    /** F40. */
    @Test
    void closeAtAnyMoment_underLoad_losesNothing_andLeavesNothing() {
        String table = database().newTable();
        Account account = new Account(source.mode);
        Random random = new Random(40);
        int closes = Integer.getInteger("pythia.cdc.closes", 200);
        begin(worker(table, BrokerListener.NONE), account).close();
        try (RowWriter writer = new RowWriter(database(), table, account)) {
            for (int round = 0; round < closes; round++) {
                try (CdcWorker worker = worker(table, BrokerListener.NONE)
                        .closeTimeout(Duration.ofSeconds(10))
                        .build()) {
                    consumeInto(worker, account);
                    LockSupport.parkNanos(random.nextInt(50) * 1_000_000L);
                }
            }
            try (CdcWorker worker = worker(table, BrokerListener.NONE).build()) {
                consumeInto(worker, account);
                settle(account, writer, 0); // an orderly end leaves nothing to be delivered again
            }
        }
        eventually(
                "no thread of ours",
                () -> Thread.getAllStackTraces().keySet().stream().noneMatch(thread -> isOurs(thread.getName())));
        eventually("no connection of ours", () -> sessions() == 0);
        dropSlot(table);
    }

    /** The names of threads have the server's address, which other tests do not connect to. */
    private boolean isOurs(String thread) {
        return thread.startsWith("pythia-cdc") && thread.contains(server.address());
    }

    private long sessions() {
        return database()
                .number(
                        source == Source.MARIADB
                                ? "SELECT count(*) FROM information_schema.processlist"
                                        + " WHERE user = 'root' AND id <> connection_id()"
                                : "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pythia-cdc%'");
    }
}
