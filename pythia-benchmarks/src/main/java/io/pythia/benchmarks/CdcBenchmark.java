package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.PostgresTestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * Change data capture beside what one would write by hand: the log beside a bare reader of the replication stream that confirms what it has
 * read; polling beside a JDBC keyset loop that stores its place after each page; and what a poll costs that finds nothing.
 */
final class CdcBenchmark implements Suite {

    @Override
    public int messages() {
        return 1_600_000;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        try (PostgresTestServer server = PostgresTestServer.create(Map.of("max_wal_size", "4GB"))) {
            String jdbc = "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?user=postgres";
            return new Run(jdbc, plan).run();
        }
    }

    private static final class Run {
        private final String jdbc;
        private final int rows;
        private final int rounds;
        private final Comparison comparison;

        Run(String jdbc, Plan plan) {
            this.jdbc = jdbc;
            this.rows = plan.messages();
            this.rounds = plan.rounds();
            this.comparison = new Comparison(
                    CdcRun.class,
                    "Change data capture on PostgreSQL; " + rows
                            + " rows of some 250 bytes in transactions of ten. The raw reader of the log takes each message from the"
                            + " same driver, tells rows from commits and confirms each commit; it decodes no row and stores no place. The"
                            + " raw poller is a JDBC keyset loop that stores its place after each page; it reads two columns of each row,"
                            + " which a consumer of Pythia does only where it says so: what is not read is not decoded. Pollers read the table"
                            + " three times in one JVM, the third time counts. An empty poll is one that finds"
                            + " nothing while nobody writes: the raw one asks the table, Pythia asks which transactions there are.");
        }

        Comparison run() throws Exception {
            execute(
                    "CREATE TABLE bench (id bigint PRIMARY KEY, body text, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)",
                    "CREATE INDEX ON bench (updated_at, id)",
                    "CREATE TABLE place (id text PRIMARY KEY, state text NOT NULL)",
                    "CREATE PUBLICATION bench FOR TABLE bench",
                    "SELECT pg_create_logical_replication_slot('raw', 'pgoutput')",
                    "SELECT pg_create_logical_replication_slot('pythia', 'pgoutput')");
            // Transactions of ten rows.
            execute(
                    "SET synchronous_commit = off",
                    "DO $$ BEGIN FOR i IN 0.." + (rows / 10 - 1) + " LOOP"
                            + " INSERT INTO bench SELECT i * 10 + j, repeat('x', 200), clock_timestamp(), clock_timestamp()"
                            + " FROM generate_series(0, 9) j; COMMIT; END LOOP; END $$",
                    "VACUUM ANALYZE bench",
                    "CHECKPOINT");
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (String side : new String[] {"raw", "pythia"}) {
                    // Each reads the same: from a copy of the slot that stays where it was.
                    execute("SELECT pg_copy_logical_replication_slot('" + side + "', 'run')");
                    comparison.measure(side + "-log", jdbc, Integer.toString(rows));
                    execute("SELECT pg_drop_replication_slot('run')");
                    comparison.measure(side + "-poll", jdbc, Integer.toString(rows));
                    if (side.equals("pythia")) {
                        comparison.measure("pythia-poll-read", jdbc, Integer.toString(rows));
                    }
                    comparison.measure(side + "-empty", jdbc, Integer.toString(2_000));
                }
            }
            comparison.throughput("log", "raw-log", "pythia-log", Goal.atLeast(0.90), Goal.none());
            comparison.throughput("polling", "raw-poll", "pythia-poll", Goal.atLeast(0.90), Goal.none());
            comparison.throughput(
                    "polling, each row read", "raw-poll", "pythia-poll-read", Goal.atLeast(0.90), Goal.none());
            comparison.row("empty polls/s", "raw-empty", "pythia-empty", Outcome::first, Goal.none());
            comparison.row("CPU µs per empty poll", "raw-empty", "pythia-empty", Outcome::second, Goal.none());
            return comparison;
        }

        private void execute(String... statements) throws SQLException {
            try (Connection connection = DriverManager.getConnection(jdbc);
                    Statement statement = connection.createStatement()) {
                for (String each : statements) {
                    statement.execute(each);
                }
            }
        }
    }
}
