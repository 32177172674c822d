package io.pythia.cdc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** An application that writes without pause, each change in a transaction of its own: a new row, and then one of a few old ones. */
final class RowWriter implements AutoCloseable {
    private static final int HOT_ROWS = 16;
    private static final long PAUSE = 500_000L;
    /** What it writes in a second at most. */
    static final int MOST_PER_SECOND = 4_000;

    private final TestDatabase database;
    private final String table;
    private final Account account;
    private final AtomicBoolean running = new AtomicBoolean(true);
    private final Thread thread = new Thread(this::run, "writer");
    private long number;

    RowWriter(TestDatabase database, String table, Account account) {
        this.database = database;
        this.table = table;
        this.account = account;
        for (long key = 1; key <= HOT_ROWS; key++) {
            account.attempted(-key, 0);
            database.insert(table, -key, "0");
            account.confirmed(-key, 0);
        }
        thread.start();
    }

    private void run() {
        while (running.get()) {
            try (Connection connection = database.open();
                    Statement statement = connection.createStatement()) {
                while (running.get()) {
                    number++; // also after an error: it may be there, or not
                    write(
                            statement,
                            number,
                            "INSERT INTO " + table + " (id, name) VALUES (" + number + ", '" + number + "')");
                    long hot = -1 - number % HOT_ROWS;
                    write(
                            statement,
                            hot,
                            "UPDATE " + table + " SET name = '" + number + "', updated_at = " + database.now()
                                    + " WHERE id = " + hot);
                    LockSupport.parkNanos(PAUSE);
                }
            } catch (SQLException e) {
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    private void write(Statement statement, long key, String sql) throws SQLException {
        account.attempted(key, number);
        statement.execute(sql);
        account.confirmed(key, number);
    }

    @Override
    public void close() {
        running.set(false);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
