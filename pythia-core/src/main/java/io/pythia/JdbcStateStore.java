package io.pythia;

import io.pythia.internal.Hashes;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A row for each key. A transaction that the source begins by itself is ended before its connection is given back. */
final class JdbcStateStore implements StateStore {
    private static final int LONGEST_KEY = 500;
    private static final int READABLE = 400;
    private static final Pattern NAME = Pattern.compile("([A-Za-z_][A-Za-z0-9_]{0,62}\\.)?[A-Za-z_][A-Za-z0-9_]{0,62}");

    private final DataSource source;
    private final String table;

    JdbcStateStore(DataSource source, String table) {
        if (!NAME.matcher(table).matches()) {
            throw new IllegalArgumentException(
                    "table must be a plain name of letters, digits and _, with its schema and a dot before it or not");
        }
        this.source = source;
        this.table = table;
    }

    private interface Work<T extends @Nullable Object> {
        T on(Connection connection) throws SQLException;
    }

    @Override
    public @Nullable String load(String key) throws IOException {
        return transaction("reading from", connection -> select(connection, shortened(key)));
    }

    @Override
    public void save(String key, String state) throws IOException {
        String id = shortened(key);
        transaction("writing to", connection -> {
            // A driver may count only rows that are different then.
            if (update(connection, "UPDATE " + table + " SET state = ? WHERE id = ?", state, id) == 0
                    && select(connection, id) == null) {
                update(connection, "INSERT INTO " + table + " (state, id) VALUES (?, ?)", state, id);
            }
            return true;
        });
    }

    private @Nullable String select(Connection connection, String id) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT state FROM " + table + " WHERE id = ?")) {
            statement.setString(1, id);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? row.getString(1) : null;
            }
        }
    }

    private static int update(Connection connection, String sql, String state, String id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, state);
            statement.setString(2, id);
            return statement.executeUpdate();
        }
    }

    private <T extends @Nullable Object> T transaction(String doing, Work<T> work) throws IOException {
        try (Connection connection = source.getConnection()) {
            boolean commits = !connection.getAutoCommit();
            boolean done = false;
            try {
                T result = work.on(connection);
                if (commits) {
                    connection.commit();
                }
                done = true;
                return result;
            } finally {
                if (commits && !done) {
                    rollBack(connection);
                }
            }
        } catch (SQLException e) {
            throw new IOException(doing + " the table " + table + " failed (SQL state " + e.getSQLState() + ")", e);
        }
    }

    private static void rollBack(Connection connection) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            // it is lost already; what failed before says why
        }
    }

    private static String shortened(String key) {
        return key.length() <= LONGEST_KEY ? key : key.substring(0, READABLE) + "-" + Hashes.of(key);
    }
}
