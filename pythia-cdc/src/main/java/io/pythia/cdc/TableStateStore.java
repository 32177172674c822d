package io.pythia.cdc;

import io.pythia.StateStore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** A table of the database that is read from, which is made when the first place is stored. */
final class TableStateStore implements StateStore {
    private final Database database;
    private final String table;
    private boolean made;

    /**
     * Creates one.
     *
     * @param table a plain name, which needs no quotes
     */
    TableStateStore(Database database, String table) {
        this.database = database;
        this.table = table;
    }

    @Override
    public @Nullable String load(String key) {
        return database.write("reading the place", connection -> {
            makeTable(connection);
            try (PreparedStatement statement =
                    database.prepare(connection, "SELECT state FROM " + table + " WHERE id = ?")) {
                statement.setString(1, key);
                try (ResultSet rows = statement.executeQuery()) {
                    return rows.next() ? rows.getString(1) : null;
                }
            }
        });
    }

    /** Looks before it makes: without the right to make tables, one that is there is enough. */
    private void makeTable(Connection connection) throws SQLException {
        if (made) {
            return;
        }
        String text =
                database.dialect() == Dialect.MYSQL ? "LONGTEXT" : database.dialect() == Dialect.H2 ? "CLOB" : "TEXT";
        if (!exists(connection)) {
            Database.execute(
                    connection,
                    "CREATE TABLE IF NOT EXISTS " + table + " (id VARCHAR(500) PRIMARY KEY, state " + text
                            + " NOT NULL)");
        }
        made = true;
    }

    private boolean exists(Connection connection) throws SQLException {
        try {
            Tables.find(connection, database.dialect(), table);
            return true;
        } catch (io.pythia.DestinationNotFoundException e) {
            return false;
        }
    }

    @Override
    public void save(String key, String state) {
        database.write("storing the place", connection -> {
            if (update(connection, "UPDATE " + table + " SET state = ? WHERE id = ?", state, key) == 0) {
                update(connection, "INSERT INTO " + table + " (state, id) VALUES (?, ?)", state, key);
            }
            return true;
        });
    }

    private int update(Connection connection, String sql, String state, String key) throws SQLException {
        try (PreparedStatement statement = database.prepare(connection, sql)) {
            statement.setString(1, state);
            statement.setString(2, key);
            return statement.executeUpdate();
        }
    }
}
