package io.pythia.cdc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection while it is with us, in a transaction. One of the application's gets our limits and is given back as it came; one of our own
 * pool was made with them. What is not committed is rolled back at its end. One thread at a time.
 */
final class Session implements AutoCloseable {
    private final Connection connection;
    private final Dialect dialect;
    private final boolean autoCommit;
    private final boolean readOnly;

    /** What sets back what outlives a transaction. */
    private final List<String> back = new ArrayList<>();

    /** The driver of H2 keeps that of a statement for the whole connection; -1 where none does. */
    private int queryTimeout = -1;

    /**
     * Begins one.
     *
     * @param limits what a connection of the application's has to keep to, null for one of our own pool
     * @param readOnly whether nothing may be written
     */
    Session(Connection connection, Dialect dialect, @Nullable CdcConfig limits, boolean readOnly) throws SQLException {
        this.connection = connection;
        this.dialect = dialect;
        try {
            this.autoCommit = connection.getAutoCommit();
            this.readOnly = connection.isReadOnly();
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
        try {
            begin(limits, readOnly);
        } catch (SQLException e) {
            close();
            throw e;
        }
    }

    private void begin(@Nullable CdcConfig limits, boolean readOnly) throws SQLException {
        if (limits != null) {
            connection.setAutoCommit(true); // what is read and set now belongs to no transaction
            remember();
            if (dialect != Dialect.POSTGRESQL) {
                Database.execute(connection, limits(dialect, limits));
            }
        }
        if (dialect == Dialect.SQLITE) {
            Database.execute(connection, "PRAGMA query_only = " + (readOnly ? 1 : 0));
        } else {
            connection.setReadOnly(readOnly);
        }
        connection.setAutoCommit(false);
        if (limits != null && dialect == Dialect.POSTGRESQL) {
            Database.execute(connection, limits(dialect, limits).replace("SET ", "SET LOCAL "));
        }
    }

    private void remember() throws SQLException {
        switch (dialect) {
            case POSTGRESQL -> {} // there they last for the transaction
            case MYSQL -> {
                String[] known = row("SELECT @@time_zone, @@innodb_lock_wait_timeout, @@lock_wait_timeout", 3);
                back.add("SET time_zone = '" + known[0].replace("'", "''") + "', innodb_lock_wait_timeout = " + known[1]
                        + ", lock_wait_timeout = " + known[2]);
            }
            case SQLITE -> {
                back.add("PRAGMA busy_timeout = " + row("PRAGMA busy_timeout", 1)[0]);
                back.add("PRAGMA query_only = " + row("PRAGMA query_only", 1)[0]);
            }
            case H2 -> {
                back.add("SET LOCK_TIMEOUT " + row("SELECT LOCK_TIMEOUT()", 1)[0]);
                try (Statement statement = connection.createStatement()) {
                    queryTimeout = statement.getQueryTimeout();
                }
            }
        }
    }

    private String[] row(String query, int columns) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            String[] values = new String[columns];
            for (int i = 0; i < columns; i++) {
                values[i] = String.valueOf(row.getString(i + 1));
            }
            return values;
        }
    }

    /** Returns the statement that sets a session's limits, and its zone where values depend on it. */
    static String limits(Dialect dialect, CdcConfig config) {
        long statement = config.statementTimeout().toMillis();
        long lock = config.lockTimeout().toMillis();
        long lockSeconds = Math.max(1, config.lockTimeout().toSeconds());
        return switch (dialect) {
            case POSTGRESQL -> "SET statement_timeout = " + statement + "; SET lock_timeout = " + lock;
            case MYSQL ->
                "SET time_zone = '+00:00', innodb_lock_wait_timeout = " + lockSeconds + ", lock_wait_timeout = "
                        + lockSeconds;
            case SQLITE -> "PRAGMA busy_timeout = " + lock;
            case H2 -> "SET LOCK_TIMEOUT " + lock;
        };
    }

    Connection connection() {
        return connection;
    }

    /** A connection that can't be set back is not given to anybody else. */
    @Override
    public void close() throws SQLException {
        try {
            setBack();
        } catch (SQLException e) {
            connection.abort(Runnable::run);
        } finally {
            connection.close();
        }
    }

    private void setBack() throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.rollback();
        }
        if (!back.isEmpty()) {
            connection.setAutoCommit(true);
            Database.executeAll(connection, back);
        }
        if (queryTimeout >= 0) {
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(queryTimeout);
            }
        }
        if (dialect != Dialect.SQLITE) {
            connection.setReadOnly(readOnly);
        }
        connection.setAutoCommit(autoCommit);
    }
}
