package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.PostgresTestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * Change data capture beside what one would write by hand, in one run: {@code CdcBenchmark [rows] [rounds]}. The log beside a bare reader of
 * the replication stream that confirms what it has read; polling beside a JDBC keyset loop that stores its place after each page; and what a
 * poll costs that finds nothing.
 */
public final class CdcBenchmark {
    private final String jdbc;
    private final int rows;
    private final Comparison comparison = new Comparison(CdcRun.class);

    private CdcBenchmark(String jdbc, int rows) {
        this.jdbc = jdbc;
        this.rows = rows;
    }

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int rows = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        try (PostgresTestServer server = PostgresTestServer.create(Map.of("max_wal_size", "4GB"))) {
            String jdbc = "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?user=postgres";
            new CdcBenchmark(jdbc, rows).run(rounds);
        }
    }

    private void run(int rounds) throws Exception {
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
                comparison.measure(side + "-empty", jdbc, Integer.toString(2_000));
            }
        }
        System.out.printf(
                "%d rows of some 250 bytes, %d rounds, medians (min to max), JDK %d%n%n",
                rows, rounds, Runtime.version().feature());
        System.out.println("| | raw | Pythia | ratio |\n|---|---|---|---|");
        for (String what : new String[] {"log", "poll"}) {
            comparison.row(what + ", rows/s", "raw-" + what, "pythia-" + what, Outcome::first);
            comparison.row(what + ", CPU µs per row", "raw-" + what, "pythia-" + what, Outcome::second);
        }
        comparison.row("an empty poll, polls/s", "raw-empty", "pythia-empty", Outcome::first);
        comparison.row("an empty poll, CPU µs", "raw-empty", "pythia-empty", Outcome::second);
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
