package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands against PostgreSQL: rows with real text, by polling and by the log, and on to Kafka. */
@Timeout(300)
class CdcEndToEndIT {
    private static final int LINES = 5_000;

    private final TestServer postgres = TestServers.postgres();
    private final String name = "cli_" + UUID.randomUUID().toString().replace("-", "");

    private Connection open() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://" + postgres.address() + "/postgres", "postgres", "postgres");
    }

    private List<String> writeRows() throws Exception {
        List<String> lines = RealText.lines(LINES);
        try (Connection connection = open();
                Statement create = connection.createStatement()) {
            create.execute("CREATE TABLE " + name + " (id bigint PRIMARY KEY, line text,"
                    + " updated_at timestamptz NOT NULL DEFAULT clock_timestamp())");
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO " + name + " (id, line) VALUES (?, ?)")) {
                for (int i = 0; i < lines.size(); i++) {
                    insert.setInt(1, i);
                    insert.setString(2, lines.get(i));
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.commit();
        }
        return lines.stream().sorted().toList();
    }

    private String url(String more) {
        return "cdc:postgresql://postgres:postgres@" + postgres.address() + "/postgres?tables=" + name + "&state-key="
                + name + "&body-column=line" + more;
    }

    @Test
    void rows_byPolling_comeOutAsTheyWentIn() throws Exception {
        List<String> lines = writeRows();
        Run consumed = Run.of("", "consume", url("&poll-interval=100ms"), "--max", "" + LINES);
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        assertThat(consumed.lines().stream().sorted().toList().equals(lines))
                .as("the same lines")
                .isTrue();
    }

    @Test
    void rows_byTheLog_throughKafka_comeOutAsTheyWentIn() throws Exception {
        List<String> lines = writeRows();
        TestServer broker = TestServers.kafka();
        String kafka = "kafka://" + broker.address() + "/" + EndToEndIT.createTopic(broker);
        Run piped =
                Run.of("", "pipe", url("&mode=log&slot=" + name + "&publication=" + name), kafka, "--max", "" + LINES);
        assertThat(piped.exitCode()).as(piped.err()).isZero();
        Run consumed = Run.of("", "consume", kafka + "?consumer-group=g", "--max", "" + LINES);
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        assertThat(consumed.lines().stream().sorted().toList().equals(lines))
                .as("the same lines")
                .isTrue();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            Awaitility.await("the end of the session that reads from the slot")
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> !isActive(statement));
            statement.execute("SELECT pg_drop_replication_slot('" + name + "')");
        }
    }

    private boolean isActive(Statement statement) throws SQLException {
        try (ResultSet slot =
                statement.executeQuery("SELECT active FROM pg_replication_slots WHERE slot_name = '" + name + "'")) {
            return slot.next() && slot.getBoolean(1);
        }
    }

    @Test
    void ping_andAMissingTable_areOneLine() throws Exception {
        Run missing = Run.of("", "consume", url("").replace("tables=" + name, "tables=missing_table"));
        assertThat(missing.exitCode()).isEqualTo(1);
        assertThat(missing.err()).contains("no table missing_table").doesNotContain("\tat ", "postgres:postgres");
        writeRows();
        Run ping = Run.of("", "ping", url(""));
        assertThat(ping.exitCode()).as(ping.err()).isZero();
        assertThat(ping.out()).contains("is UP");
    }

    @Test
    void deleteLog_isInstalled_used_seen_andRemoved() throws Exception {
        writeRows();
        String table = "public." + name;
        Run printed = Run.of("", "cdc", "install-delete-log", url(""), "--print");
        assertThat(printed.out()).contains("CREATE TRIGGER", name);
        assertThat(Run.of("", "cdc", "delete-log", url("")).lines()).doesNotContain(table);
        Run installed = Run.of("", "cdc", "install-delete-log", url(""));
        assertThat(installed.exitCode()).as(installed.err()).isZero();
        assertThat(installed.lines()).contains(table);
        String reading = url("&delete-log=true&poll-interval=100ms");
        Run consumed = Run.of("", "consume", reading, "--max", "" + LINES);
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            statement.execute("DELETE FROM " + name + " WHERE id > 1");
        }
        Run deletes = Run.of("", "consume", reading, "--max", "" + (LINES - 2));
        assertThat(deletes.exitCode()).as(deletes.err()).isZero();
        assertThat(Run.of("", "cdc", "delete-log", url("")).lines()).contains(table);
        Run removed = Run.of("", "cdc", "remove-delete-log", url(""));
        assertThat(removed.exitCode()).as(removed.err()).isZero();
        assertThat(removed.lines()).doesNotContain(table);
    }

    @Test
    void slot_isDropped() throws Exception {
        writeRows();
        String log = url("&mode=log&slot=" + name + "&publication=" + name);
        assertThat(Run.of("", "consume", log, "--max", "1").exitCode()).isZero();
        assertThat(slots()).isOne();
        Run dropped = Run.of("", "cdc", "drop-slot", log);
        assertThat(dropped.exitCode()).as(dropped.err()).isZero();
        assertThat(slots()).isZero();
    }

    private int slots() throws SQLException {
        try (Connection connection = open();
                PreparedStatement count =
                        connection.prepareStatement("SELECT count(*) FROM pg_replication_slots WHERE slot_name = ?")) {
            count.setString(1, name);
            try (ResultSet row = count.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }
}
