package io.pythia.cdc;

import io.pythia.testkit.server.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.awaitility.Awaitility;

/**
 * A database as a test changes it, without the connector.
 *
 * @param jdbc where the test reaches it
 * @param url the same for the connector
 */
record TestDatabase(Dialect dialect, String jdbc, String url) {

    static TestDatabase postgres(TestServer server) {
        String address = server.address();
        TestDatabase database = new TestDatabase(
                Dialect.POSTGRESQL,
                "jdbc:postgresql://" + address + "/postgres?user=postgres&password=postgres&sslmode=disable",
                "postgresql://postgres:postgres@" + address + "/postgres");
        database.awaitUp();
        return database;
    }

    static TestDatabase mariaDb(TestServer server) {
        String address = server.address();
        TestDatabase database = new TestDatabase(
                Dialect.MYSQL, "jdbc:mariadb://" + address + "/test?user=root", "mariadb://root@" + address + "/test");
        new TestDatabase(Dialect.MYSQL, "jdbc:mariadb://" + address + "/?user=root", "").awaitUp();
        new TestDatabase(Dialect.MYSQL, "jdbc:mariadb://" + address + "/?user=root", "")
                .execute("CREATE DATABASE IF NOT EXISTS test");
        return database;
    }

    /** Makes a database of its own on the same server of PostgreSQL. */
    TestDatabase newDatabase() {
        String name = newName("d");
        execute("CREATE DATABASE " + name);
        return new TestDatabase(
                dialect, jdbc.replace("/postgres?", "/" + name + "?"), url.replaceAll("/postgres$", "/" + name));
    }

    static TestDatabase h2() {
        String jdbc = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
        return new TestDatabase(Dialect.H2, jdbc, jdbc);
    }

    static TestDatabase sqlite(java.nio.file.Path folder) {
        String path = folder.resolve("test.db").toString();
        TestDatabase database =
                new TestDatabase(Dialect.SQLITE, "jdbc:sqlite:" + path + "?busy_timeout=10000", "sqlite:" + path);
        database.execute("PRAGMA journal_mode = WAL");
        return database;
    }

    private void awaitUp() {
        Awaitility.await()
                .atMost(java.time.Duration.ofSeconds(60))
                .ignoreExceptions()
                .until(() -> {
                    open().close();
                    return true;
                });
    }

    Connection open() throws SQLException {
        return DriverManager.getConnection(jdbc);
    }

    /** Runs each statement in a transaction of its own. */
    void execute(String... statements) {
        try (Connection connection = open();
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    String text(String query) {
        try (Connection connection = open();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            return row.next() ? String.valueOf(row.getString(1)) : "";
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    long number(String query) {
        return Long.parseLong(text(query));
    }

    /** Returns a name that nobody else has. */
    static String newName(String prefix) {
        return prefix + "_" + UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    }

    /** Makes a table with a key, a name and the columns of times, and returns its name. */
    String newTable() {
        String table = newName("t");
        execute("CREATE TABLE " + table + " (id " + (dialect == Dialect.SQLITE ? "INTEGER" : "BIGINT")
                + " PRIMARY KEY, name VARCHAR(200), created_at " + timestamp() + ", updated_at " + timestamp() + ")");
        return table;
    }

    String timestamp() {
        return switch (dialect) {
            case POSTGRESQL -> "timestamptz NOT NULL DEFAULT clock_timestamp()";
            case MYSQL -> "DATETIME(6) NOT NULL DEFAULT UTC_TIMESTAMP(6)";
            case SQLITE -> "TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))";
            case H2 -> "TIMESTAMP(6) WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL";
        };
    }

    String now() {
        return switch (dialect) {
            case POSTGRESQL -> "clock_timestamp()";
            case MYSQL -> "UTC_TIMESTAMP(6)";
            case SQLITE -> "strftime('%Y-%m-%d %H:%M:%f', 'now')";
            case H2 -> "CURRENT_TIMESTAMP";
        };
    }

    void insert(String table, long id, String name) {
        execute("INSERT INTO " + table + " (id, name) VALUES (" + id + ", '" + quoted(name) + "')");
    }

    void update(String table, long id, String name) {
        execute("UPDATE " + table + " SET name = '" + quoted(name) + "', updated_at = " + now() + " WHERE id = " + id);
    }

    private String quoted(String text) {
        String quoted = text.replace("'", "''");
        return dialect == Dialect.MYSQL ? quoted.replace("\\", "\\\\") : quoted;
    }
}
