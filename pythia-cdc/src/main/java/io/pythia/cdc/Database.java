package io.pythia.cdc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pythia.BrokerException;
import io.pythia.Secret;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that is connected to: a pool of a few connections of our own, or the application's {@code DataSource}. Everything that can
 * fail fails as {@link CdcErrors} says. Thread-safe.
 */
final class Database implements AutoCloseable {
    /** Long enough for a server that is busy, and soon enough for a health that says what is so. */
    private static final long LONGEST_WAIT = 4_000;

    /** Work on a connection. */
    interface Work<T extends @Nullable Object> {
        T on(Connection connection) throws SQLException;
    }

    private final CdcSettings settings;
    private volatile @Nullable HikariDataSource pool;
    private boolean closed;
    private volatile @Nullable Statement running;

    Database(CdcSettings settings) {
        this.settings = settings;
    }

    /** Makes the pool, with a first connection: what is wrong with address and credentials is said at once. */
    void open() {
        if (settings.dataSource() != null) {
            return;
        }
        HikariDataSource made;
        try {
            made = pool(settings);
        } catch (SQLException | RuntimeException e) {
            throw CdcErrors.translate(settings.name() + ": connecting", e);
        }
        synchronized (this) {
            if (!closed) {
                pool = made;
                return;
            }
        }
        close(made);
        throw new BrokerException(settings.name() + " is disconnected");
    }

    private static HikariDataSource pool(CdcSettings settings) throws SQLException {
        DatabaseUrl url = settings.url();
        HikariConfig config = new HikariConfig();
        config.setPoolName("pythia-" + settings.name());
        config.setJdbcUrl(driverUrl(url)); // by which it only knows what driver it is
        config.setDataSource(new DriverSource(driverUrl(url), properties(settings)));
        config.setMaximumPoolSize(settings.config().maxConnections());
        config.setMinimumIdle(0);
        config.setIdleTimeout(Duration.ofMinutes(1).toMillis());
        config.setConnectionTimeout(
                Math.max(250, Math.min(LONGEST_WAIT, settings.connectTimeout().toMillis())));
        config.setValidationTimeout(
                Math.max(250, Math.min(5_000, settings.connectTimeout().toMillis() / 2)));
        config.setInitializationFailTimeout(1);
        config.setConnectionInitSql(Session.limits(url.dialect(), settings.config()));
        return new HikariDataSource(config);
    }

    private static Properties properties(CdcSettings settings) {
        Properties properties = defaults(settings);
        properties.putAll(settings.driverProperties());
        if (settings.user() != null) {
            properties.put("user", settings.user());
        }
        Secret password = settings.password();
        if (password != null) {
            properties.put("password", password.reveal());
        }
        return properties;
    }

    /** Either of the two drivers speaks to both servers; the one that is there is taken. */
    private static String driverUrl(DatabaseUrl url) {
        String other = url.jdbc().startsWith("jdbc:mysql:")
                ? "jdbc:mariadb:" + url.jdbc().substring("jdbc:mysql:".length())
                : url.jdbc().startsWith("jdbc:mariadb:")
                        ? "jdbc:mysql:" + url.jdbc().substring("jdbc:mariadb:".length())
                        : null;
        return other == null || hasDriver(url.jdbc()) || !hasDriver(other) ? url.jdbc() : other;
    }

    private static boolean hasDriver(String url) {
        return java.sql.DriverManager.drivers().anyMatch(driver -> {
            try {
                return driver.acceptsURL(url);
            } catch (SQLException e) {
                return false;
            }
        });
    }

    /** What a connection must not wait for for ever. */
    static Properties defaults(CdcSettings settings) {
        Properties properties = new Properties();
        long connect = Math.max(1, settings.connectTimeout().toSeconds());
        long socket = settings.config().statementTimeout().plusSeconds(10).toSeconds();
        switch (settings.url().dialect()) {
            case POSTGRESQL ->
                properties.putAll(Map.of(
                        "connectTimeout", Long.toString(connect),
                        "loginTimeout", Long.toString(connect),
                        "socketTimeout", Long.toString(socket),
                        "tcpKeepAlive", "true",
                        "ApplicationName", "pythia-cdc"));
            case MYSQL ->
                properties.putAll(Map.of(
                        "connectTimeout", Long.toString(connect * 1_000),
                        "socketTimeout", Long.toString(socket * 1_000)));
            case SQLITE ->
                properties.put(
                        "busy_timeout",
                        Long.toString(settings.config().lockTimeout().toMillis()));
            case H2 -> {}
        }
        return properties;
    }

    Dialect dialect() {
        return settings.url().dialect();
    }

    /** Reads in a transaction that can't write. */
    <T extends @Nullable Object> T read(String doing, Work<T> work) {
        return transaction(doing, true, work);
    }

    /** Writes in a transaction. */
    <T extends @Nullable Object> T write(String doing, Work<T> work) {
        return transaction(doing, false, work);
    }

    private <T extends @Nullable Object> T transaction(String doing, boolean readOnly, Work<T> work) {
        try (Session session = session(readOnly)) {
            T result = work.on(session.connection());
            session.connection().commit();
            return result;
        } catch (UnsupportedOperationException e) {
            throw e; // a statement of ours about what a database can't do
        } catch (BrokerException e) {
            throw CdcErrors.named(settings.name(), e);
        } catch (SQLException | RuntimeException e) {
            throw CdcErrors.translate(settings.name() + ": " + doing, e);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static void executeAll(Connection connection, List<String> statements) throws SQLException {
        for (String statement : statements) {
            execute(connection, statement);
        }
    }

    /** Prepares a statement that ends after the statement timeout, or when this is closed. */
    PreparedStatement prepare(Connection connection, String sql) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        // PostgreSQL has the limit of the session, and SQLite's driver would take it for the time to wait for a lock.
        if (dialect() == Dialect.MYSQL || dialect() == Dialect.H2) {
            statement.setQueryTimeout(
                    (int) Math.max(1, settings.config().statementTimeout().toSeconds()));
        }
        running = statement;
        return statement;
    }

    /** Begins a transaction. */
    Session session(boolean readOnly) throws SQLException {
        CdcConfig limits = settings.dataSource() == null ? null : settings.config();
        return new Session(connection(), dialect(), limits, readOnly);
    }

    /** Returns a connection, which the caller closes. */
    Connection connection() throws SQLException {
        DataSource source = settings.dataSource() != null ? settings.dataSource() : pool;
        if (source == null) {
            throw new SQLException("not connected", "08003");
        }
        return source.getConnection();
    }

    /** Asks for a sign of life. */
    void ping() {
        read("asking for a sign of life", connection -> {
            if (!connection.isValid(5)) {
                throw new SQLException("the connection is not valid", "08006");
            }
            return true;
        });
    }

    /** Ends a statement that is under way. */
    void cancel() {
        Statement current = running;
        if (current != null) {
            try {
                current.cancel();
            } catch (SQLException e) {
                // it has ended already
            }
        }
    }

    @Override
    public void close() {
        cancel();
        HikariDataSource made;
        synchronized (this) {
            closed = true;
            made = pool;
        }
        if (made != null) {
            close(made);
        }
    }

    /** A pool that is closed by a thread that was interrupted leaves its own threads behind. */
    private static void close(HikariDataSource pool) {
        boolean interrupted = Thread.interrupted();
        pool.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
