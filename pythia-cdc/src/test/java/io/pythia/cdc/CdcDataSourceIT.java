package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections of the application's: our limits hold while they are with us, and they come back as they were. */
@Timeout(240)
class CdcDataSourceIT {
    private static final CdcConfig CONFIG = CdcConfig.builder()
            .statementTimeout(Duration.ofSeconds(2))
            .lockTimeout(Duration.ofSeconds(1))
            .build();

    @TempDir
    private Path folder;

    private TestDatabase database(Dialect dialect) {
        return switch (dialect) {
            case POSTGRESQL -> TestDatabase.postgres(TestServers.postgres());
            case MYSQL -> TestDatabase.mariaDb(TestServers.mariaDb());
            case SQLITE -> TestDatabase.sqlite(folder);
            case H2 -> TestDatabase.h2();
        };
    }

    private static String tableWithARow(TestDatabase database) throws SQLException {
        String table = database.newTable();
        database.insert(table, 1, "one");
        return table;
    }

    /** What an application may have set for itself. */
    private static List<String> ofTheApplication(Dialect dialect) {
        return switch (dialect) {
            case POSTGRESQL -> List.of("SET statement_timeout = 77000", "SET lock_timeout = 55000");
            case MYSQL -> List.of("SET time_zone = '+03:00', innodb_lock_wait_timeout = 77, lock_wait_timeout = 66");
            case SQLITE -> List.of("PRAGMA busy_timeout = 77000");
            case H2 -> List.of("SET LOCK_TIMEOUT 77000", "SET QUERY_TIMEOUT 55000");
        };
    }

    private static final Map<Dialect, String> OURS = Map.of(
            Dialect.POSTGRESQL, "2s 1s",
            Dialect.MYSQL, "+00:00 1 1",
            Dialect.SQLITE, "1000 1",
            Dialect.H2, "1000");

    private static String settings(Dialect dialect, Connection connection) throws SQLException {
        return switch (dialect) {
            case POSTGRESQL ->
                text(
                        connection,
                        "SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')");
            case MYSQL ->
                text(
                        connection,
                        "SELECT CONCAT(@@time_zone, ' ', @@innodb_lock_wait_timeout, ' ', @@lock_wait_timeout)");
            case SQLITE -> text(connection, "PRAGMA busy_timeout") + " " + text(connection, "PRAGMA query_only");
            case H2 -> text(connection, "SELECT LOCK_TIMEOUT()");
        };
    }

    private static String text(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    private static String all(Dialect dialect, Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return settings(dialect, connection) + ", " + connection.getAutoCommit() + ", " + connection.isReadOnly()
                    + ", " + connection.getTransactionIsolation() + ", " + statement.getQueryTimeout();
        }
    }

    private static Database borrowing(TestDatabase database, DataSource source) {
        return new Database(NoDatabase.settings(database.url(), source, CONFIG, Map.of()));
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void connection_hasOurSettings_andComesBackAsItWas(Dialect dialect) throws SQLException {
        TestDatabase database = database(dialect);
        String table = tableWithARow(database);
        try (Connection connection = database.open()) {
            Database.executeAll(connection, ofTheApplication(dialect));
            String before = all(dialect, connection);
            DataSource source = new OneConnection(connection).source();
            try (CdcWorker worker = CdcWorker.builder()
                    .dbUrl(database.url())
                    .dataSource(source)
                    .tables(table)
                    .pollInterval(Duration.ofMillis(30))
                    .config(CONFIG.toBuilder().stateKey(table).build())
                    .build()) {
                Events.of(worker).await(1);
            }
            assertThat(all(dialect, connection)).isEqualTo(before);
            try (Database borrowed = borrowing(database, source)) {
                assertThat(borrowed.<String>read("looking", each -> settings(dialect, each)))
                        .isEqualTo(OURS.get(dialect));
                assertThat(all(dialect, connection)).isEqualTo(before);
                assertThatThrownBy(() -> borrowed.write("failing", each -> text(each, "SELECT no_such")))
                        .isInstanceOf(BrokerException.class);
                assertThat(all(dialect, connection)).isEqualTo(before);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Dialect.class)
    void lockTimeout_holds(Dialect dialect) throws SQLException {
        TestDatabase database = database(dialect);
        String table = tableWithARow(database);
        String update = "UPDATE " + table + " SET name = 'x' WHERE id = 1";
        try (Connection connection = database.open();
                Connection other = database.open();
                Database borrowed = borrowing(database, new OneConnection(connection).source())) {
            Database.executeAll(connection, ofTheApplication(dialect));
            other.setAutoCommit(false);
            Database.execute(other, update);
            assertThatThrownBy(() -> borrowed.write("waiting", each -> {
                        try (PreparedStatement statement = borrowed.prepare(each, update)) {
                            return statement.executeUpdate();
                        }
                    }))
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            error -> assertThat(error.isRetryable())
                                    .as(error.toString())
                                    .isTrue());
            other.rollback();
        }
    }

    /** SQLite's driver has none. */
    @ParameterizedTest
    @EnumSource(value = Dialect.class, mode = EnumSource.Mode.EXCLUDE, names = "SQLITE")
    void statementTimeout_holds(Dialect dialect) throws SQLException {
        TestDatabase database = database(dialect);
        String slow = switch (dialect) {
            case POSTGRESQL -> "SELECT pg_sleep(70)";
            case MYSQL -> "SELECT SLEEP(70)";
            default ->
                "SELECT COUNT(*) FROM SYSTEM_RANGE(1, 1000000000) a, SYSTEM_RANGE(1, 1000) b WHERE a.x + b.x < 0";
        };
        try (Connection connection = database.open();
                Database borrowed = borrowing(database, new OneConnection(connection).source())) {
            Database.executeAll(connection, ofTheApplication(dialect));
            assertThatThrownBy(() -> borrowed.read("computing", each -> {
                        try (PreparedStatement statement = borrowed.prepare(each, slow)) {
                            return statement.execute();
                        }
                    }))
                    .isInstanceOf(BrokerTimeoutException.class);
        }
    }

    @Test
    void snapshotOfTheLog_givesItsConnectionBackAsItWas() throws SQLException {
        TestDatabase database = database(Dialect.POSTGRESQL);
        LogWorkers workers = new LogWorkers(database);
        String table = tableWithARow(database);
        try (Connection connection = database.open()) {
            Database.executeAll(connection, ofTheApplication(Dialect.POSTGRESQL));
            String before = all(Dialect.POSTGRESQL, connection);
            try (CdcWorker worker = workers.worker(table)
                    .dataSource(new OneConnection(connection).source())
                    .build()) {
                Events events = Events.of(worker);
                events.await(1);
                database.insert(table, 2, "two");
                events.await(2);
            }
            assertThat(all(Dialect.POSTGRESQL, connection)).isEqualTo(before);
        }
        workers.dropSlot();
    }
}
