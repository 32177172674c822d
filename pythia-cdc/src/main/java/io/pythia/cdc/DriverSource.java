package io.pythia.cdc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A driver's connections as the pool asks for them. The pool is not given the driver's properties, of which some are secrets: it logs what it
 * is given. Thread-safe.
 */
final class DriverSource implements DataSource {
    private final String url;
    private final Properties properties;
    private final Driver driver;
    private volatile int loginTimeout;

    /**
     * Creates one.
     *
     * @throws SQLException if there is no driver for the URL
     */
    DriverSource(String url, Properties properties) throws SQLException {
        this.url = url;
        this.properties = properties;
        this.driver = DriverManager.getDriver(url);
    }

    @Override
    public Connection getConnection() throws SQLException {
        Properties own = new Properties();
        own.putAll(properties);
        Connection connection = driver.connect(url, own);
        if (connection == null) {
            throw new SQLException("the driver does not take the URL any more", "08001");
        }
        return connection;
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the properties have them");
    }

    /** Returns what the pool has set: so long it waits at its end for a connection that is being made. The driver has its own. */
    @Override
    public int getLoginTimeout() {
        return loginTimeout;
    }

    @Override
    public void setLoginTimeout(int seconds) {
        loginTimeout = seconds;
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return null;
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {}

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw new SQLFeatureNotSupportedException("it does not log");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        throw new SQLException("it is no " + type.getName());
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return false;
    }
}
