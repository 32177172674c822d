package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Secret;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.postgresql.replication.ReplicationSlotInfo;

/** The connection of PostgreSQL's replication protocol, and what must be there before it can be read from. */
final class Replication implements AutoCloseable {
    private static final int OLDEST_VERSION = 130_000;

    private final CdcSettings settings;
    private final Database database;
    private final String application;
    private @Nullable Connection connection;

    /**
     * Creates one, not connected.
     *
     * @param application what the server knows this consumer by: a session of ours that hangs is told from another's
     */
    Replication(CdcSettings settings, Database database, String application) {
        this.settings = settings;
        this.database = database;
        this.application = application;
    }

    /** Checks what the server needs, and looks the tables up. */
    List<TableSchema> prepare() {
        return database.read("checking the server", sql -> {
            checkServer(sql);
            List<TableSchema> tables = new ArrayList<>();
            for (String name : settings.tables()) {
                TableSchema table = Tables.find(sql, Dialect.POSTGRESQL, name);
                ChangeRecord.OutboxColumns.check(settings.config(), table);
                tables.add(table);
            }
            return tables;
        });
    }

    private void checkServer(Connection sql) throws SQLException {
        String query = "SELECT current_setting('wal_level'), current_setting('server_version_num')::int,"
                + " pg_is_in_recovery(), (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user)";
        try (PreparedStatement statement = sql.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            if (row.getInt(2) < OLDEST_VERSION) {
                throw new BrokerException("the log is read of PostgreSQL 13 or newer");
            }
            if (!row.getString(1).equals("logical")) {
                throw new BrokerException("the server has wal_level = " + row.getString(1)
                        + ", but logical is needed; set it in postgresql.conf and restart the server");
            }
            if (row.getBoolean(3)) {
                throw new BrokerException("the server is a standby; connect to the primary", null, true);
            }
            if (!row.getBoolean(4)) {
                throw new io.pythia.BrokerAuthenticationException(
                        "the user may not replicate; an administrator must ALTER ROLE ... REPLICATION");
            }
        }
    }

    /** Checks the publication; makes it, or adds tables to it, if it may. Returns the tables that it had not. */
    List<TableSchema> publish(List<TableSchema> tables) {
        String name = settings.config().publication();
        List<TableSchema> missing = database.read("looking for the publication", sql -> {
            checkInheritance(sql, tables);
            return missing(sql, name, tables);
        });
        if (missing == null || !missing.isEmpty()) {
            if (!settings.config().createSlot()) {
                throw new DestinationNotFoundException(settings.name() + ": "
                        + (missing == null
                                ? "there is no publication " + name
                                : "the publication " + name + " lacks "
                                        + missing.get(0).qualified())
                        + ", and create-slot is false");
            }
            if (missing != null) {
                database.read("looking at the publication", sql -> checkPartitions(sql, name, missing));
            }
            StringJoiner list = new StringJoiner(", ");
            (missing == null ? tables : missing).forEach(table -> list.add(Dialect.POSTGRESQL.quoteTable(table)));
            String quoted = Dialect.POSTGRESQL.quote(name);
            database.write("making the publication", sql -> {
                Database.execute(
                        sql,
                        missing == null
                                ? "CREATE PUBLICATION " + quoted + " FOR TABLE " + list
                                        + " WITH (publish_via_partition_root = true)"
                                : "ALTER PUBLICATION " + quoted + " ADD TABLE " + list);
                return true;
            });
            List<TableSchema> still = database.read("looking for the publication", sql -> missing(sql, name, tables));
            if (still == null || !still.isEmpty()) {
                throw new BrokerException(
                        settings.name() + ": the publication " + name + " does not tell the changes of "
                                + (still == null ? tables : still).get(0).qualified()
                                + " under its name; is it a partition of another of its tables?");
            }
        }
        return missing == null ? tables : missing;
    }

    /** The log names the table that a row is in, a snapshot of the parent has them all. */
    private static void checkInheritance(Connection sql, List<TableSchema> tables) throws SQLException {
        String query = "SELECT 1 FROM pg_class c JOIN pg_inherits i ON i.inhparent = c.oid"
                + " WHERE c.oid = to_regclass(?) AND c.relkind = 'r'";
        for (TableSchema table : tables) {
            if (isThere(sql, query, Dialect.POSTGRESQL.quoteTable(table))) {
                throw new BrokerException("tables inherit from " + table.qualified()
                        + ", and the log tells their changes as their own; only polling can read it");
            }
        }
    }

    /** Without that option the log names the partition, and the changes would be taken for another table's. */
    private static boolean checkPartitions(Connection sql, String name, List<TableSchema> tables) throws SQLException {
        String query = "SELECT 1 FROM pg_class c, pg_publication p"
                + " WHERE c.oid = to_regclass(?) AND c.relkind = 'p' AND p.pubname = ? AND NOT p.pubviaroot";
        for (TableSchema table : tables) {
            if (isThere(sql, query, Dialect.POSTGRESQL.quoteTable(table), name)) {
                throw new BrokerException("the publication " + name + " tells the changes of " + table.qualified()
                        + " as those of its partitions; ALTER PUBLICATION " + name
                        + " SET (publish_via_partition_root = true)");
            }
        }
        return true;
    }

    private static boolean isThere(Connection sql, String query, String... values) throws SQLException {
        try (PreparedStatement statement = sql.prepareStatement(query)) {
            for (int i = 0; i < values.length; i++) {
                statement.setString(i + 1, values[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Returns the tables that a publication lacks, null if there is none of that name. */
    private static @Nullable List<TableSchema> missing(Connection sql, String name, List<TableSchema> tables)
            throws SQLException {
        try (PreparedStatement statement = sql.prepareStatement("SELECT 1 FROM pg_publication WHERE pubname = ?")) {
            statement.setString(1, name);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    return null;
                }
            }
        }
        List<String> published = new ArrayList<>();
        try (PreparedStatement statement = sql.prepareStatement(
                "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = ?")) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    published.add(rows.getString(1));
                }
            }
        }
        return tables.stream()
                .filter(table -> !published.contains(table.qualified()))
                .toList();
    }

    /** Connects by the replication protocol. */
    void connect() {
        Properties properties = new Properties();
        properties.putAll(Database.defaults(settings));
        properties.putAll(settings.driverProperties());
        String user = settings.user();
        Secret password = settings.password();
        if (user != null) {
            properties.put("user", user);
        }
        if (password != null) {
            properties.put("password", password.reveal());
        }
        properties.put("ApplicationName", application);
        properties.put("replication", "database");
        properties.put("assumeMinServerVersion", "13");
        properties.put("preferQueryMode", "simple");
        try {
            connection = DriverManager.getConnection(settings.url().jdbc(), properties);
        } catch (SQLException e) {
            throw CdcErrors.translate(settings.name() + ": connecting for replication", e);
        }
    }

    private Connection open() {
        Connection current = connection;
        if (current == null) {
            throw new BrokerException(settings.name() + ": not connected");
        }
        return current;
    }

    private PGConnection postgres() throws SQLException {
        return open().unwrap(PGConnection.class);
    }

    /** Returns the number that no other server has. */
    String systemIdentifier() {
        try (Statement statement = open().createStatement();
                ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            return row.getString("systemid");
        } catch (SQLException e) {
            throw CdcErrors.translate(settings.name() + ": asking the server who it is", e);
        }
    }

    /** Returns the server process at the other end. */
    int pid() {
        try {
            return postgres().getBackendPID();
        } catch (SQLException e) {
            throw CdcErrors.translate(settings.name() + ": asking for the server process", e);
        }
    }

    /** Makes the slot. The snapshot that comes with it can be used until the connection does something else. */
    ReplicationSlotInfo createSlot() {
        try {
            return postgres()
                    .getReplicationAPI()
                    .createReplicationSlot()
                    .logical()
                    .withSlotName(settings.config().slot())
                    .withOutputPlugin("pgoutput")
                    .make();
        } catch (SQLException e) {
            BrokerException translated = CdcErrors.translate(settings.name() + ": making the slot", e);
            if (e.getCause() instanceof java.net.SocketTimeoutException) {
                throw new BrokerTimeoutException(
                        translated.getMessage() + "; the server waits for transactions that run long", e);
            }
            throw translated;
        }
    }

    /**
     * Waits for the transactions that run: what they wrote to a table before it was published is not in the log, and before they end in no
     * snapshot.
     */
    void awaitTransactions() throws InterruptedException {
        long deadline = System.nanoTime() + settings.config().statementTimeout().toNanos();
        long next = database.read("looking for transactions", PollRound::snapshot)[1];
        while (database.read("looking for transactions", PollRound::snapshot)[0] < next) {
            if (System.nanoTime() - deadline > 0) {
                throw new BrokerTimeoutException(
                        settings.name()
                                + ": a table was added, and transactions that began before still run, in whatever database;"
                                + " see pg_stat_activity and pg_prepared_xacts",
                        null);
            }
            Thread.sleep(20); // the server tells nobody
        }
    }

    /** Ends a session of this very consumer that still holds the slot, since its connection was lost and the server has not noticed. */
    void endFormerSession(int pid) {
        database.read("ending a former session", sql -> {
            String query =
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND application_name = ?";
            try (PreparedStatement statement = sql.prepareStatement(query)) {
                statement.setInt(1, pid);
                statement.setString(2, application);
                statement.execute();
                return true;
            }
        });
    }

    /** Begins to read behind a place. */
    PGReplicationStream start(long lsn) {
        try {
            PGReplicationStream stream = postgres()
                    .getReplicationAPI()
                    .replicationStream()
                    .logical()
                    .withSlotName(settings.config().slot())
                    .withStartPosition(LogSequenceNumber.valueOf(lsn))
                    .withAutomaticFlush(false) // the driver would confirm what is not stored
                    .withSlotOption("proto_version", 1)
                    .withSlotOption(
                            "publication_names", "\"" + settings.config().publication() + "\"")
                    .withStatusInterval(
                            (int) settings.config().statusInterval().toMillis(),
                            java.util.concurrent.TimeUnit.MILLISECONDS)
                    .start();
            open().setNetworkTimeout(Runnable::run, (int)
                    Silence.longest(settings.config()).toMillis());
            return stream;
        } catch (SQLException e) {
            throw CdcErrors.translate(settings.name() + ": beginning to read the log", e);
        }
    }

    /** Returns the names of the server's own types. */
    Map<Integer, String> typeNames() {
        return database.read("reading the names of types", sql -> {
            Map<Integer, String> names = new HashMap<>();
            try (PreparedStatement statement =
                            sql.prepareStatement("SELECT oid::bigint, typname FROM pg_type WHERE oid < 16384");
                    ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    names.put((int) rows.getLong(1), rows.getString(2));
                }
            }
            return names;
        });
    }

    @Override
    public void close() {
        Connection current = connection;
        if (current != null) {
            try {
                current.close();
            } catch (SQLException e) {
                // it is lost already
            }
        }
    }
}
