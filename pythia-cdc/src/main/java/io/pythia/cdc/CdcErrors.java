package io.pythia.cdc;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import java.io.IOException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** The table of native errors: the SQL state says what a database's error means. The first row that matches counts. */
final class CdcErrors {
    private static final int MAX_TEXT = 300;
    private static final int SQLITE_BUSY = 5;
    private static final int SQLITE_LOCKED = 6;
    /** Of MariaDB and MySQL, whose SQL state for it is the one for anything. */
    private static final int ER_LOCK_WAIT_TIMEOUT = 1205;

    /** Makes an exception of a text and a cause. */
    interface Translation {
        BrokerException apply(String text, @Nullable Throwable cause);
    }

    /** Errors whose SQL state begins so, what to do about them, and what they become. */
    record Row(String state, String advice, Translation translation) {}

    /** Rows by SQL state; a longer prefix stands before a shorter one. */
    static final List<Row> STATES = List.of(
            new Row("28", "check user and password", BrokerAuthenticationException::new),
            new Row(
                    "42501",
                    "the user lacks a right; see the grants in docs/brokers/cdc.md",
                    BrokerAuthenticationException::new),
            new Row("3D000", "there is no such database", DestinationNotFoundException::new),
            new Row("3F000", "there is no such schema", DestinationNotFoundException::new),
            new Row("42P01", "there is no such table", DestinationNotFoundException::new),
            new Row("42S02", "there is no such table", DestinationNotFoundException::new),
            new Row("42703", "a column is gone; the tables are looked up anew", CdcErrors::retryable),
            new Row("42S22", "a column is gone; the tables are looked up anew", CdcErrors::retryable),
            new Row("42704", "a slot or a publication is missing", BrokerException::new),
            new Row("08", "is the database up?", BrokerConnectionException::new),
            new Row("57P05", "the server has ended an idle session", BrokerConnectionException::new),
            new Row("57P", "the server is going down or coming up", BrokerConnectionException::new),
            new Row("57014", "it took longer than the statement timeout", CdcErrors::timeout),
            new Row("70100", "it took longer than the statement timeout", CdcErrors::timeout),
            new Row("HYT00", "a lock was not free in time", CdcErrors::timeout),
            new Row("55P03", "a lock was not free in time", CdcErrors::timeout),
            new Row("55006", "another consumer reads from the slot", CdcErrors::retryable),
            new Row("23505", "two consumers made the same at once", CdcErrors::retryable),
            new Row("22", "a value is not of its column's type; the tables are looked up anew", CdcErrors::retryable),
            new Row("40", "it collided with another transaction", CdcErrors::retryable),
            new Row("53", "the server lacks a resource", CdcErrors::retryable),
            new Row("58", "the server could not reach its files", CdcErrors::retryable),
            new Row("XX", "the server has an internal error", CdcErrors::retryable));

    private CdcErrors() {}

    private static BrokerException retryable(String text, @Nullable Throwable cause) {
        return new BrokerException(text, cause, true);
    }

    private static BrokerException timeout(String text, @Nullable Throwable cause) {
        return new BrokerTimeoutException(text, cause);
    }

    /** Returns an error whose text begins with the consumer's name. */
    static BrokerException named(String name, BrokerException error) {
        String message = String.valueOf(error.getMessage());
        if (message.startsWith(name)) {
            return error;
        }
        String text = name + ": " + message;
        Throwable cause = error.getCause();
        BrokerException named = error instanceof DestinationNotFoundException
                ? new DestinationNotFoundException(text, cause)
                : error instanceof BrokerAuthenticationException
                        ? new BrokerAuthenticationException(text, cause)
                        : new BrokerException(text, cause, error.isRetryable());
        named.setStackTrace(error.getStackTrace());
        return named;
    }

    /** Translates an error that came while doing something. */
    static BrokerException translate(String doing, Throwable error) {
        if (error instanceof BrokerException known) {
            return known;
        }
        SQLException sql = root(error);
        if (sql == null) {
            return error instanceof IOException
                    ? new BrokerConnectionException(doing + ": " + text(error), error)
                    : new BrokerException(doing + ": " + error.getClass().getSimpleName(), error);
        }
        String state = sql.getSQLState() == null ? "" : sql.getSQLState();
        for (Row row : STATES) {
            if (state.startsWith(row.state)) {
                return row.translation.apply(doing + ": " + text(sql) + "; " + row.advice, error);
            }
        }
        if (state.equals("55000") && sql instanceof PSQLException own && own.getServerErrorMessage() == null) {
            // Not the server's word: the driver has given up a stream in which a timeout came within a message.
            return new BrokerConnectionException(doing + ": " + text(sql) + "; the stream was broken off", error);
        }
        return byClass(doing, error, sql);
    }

    /** For drivers that leave the SQL state out. */
    private static BrokerException byClass(String doing, Throwable error, SQLException sql) {
        String text = doing + ": " + text(sql);
        if (sql.getErrorCode() == ER_LOCK_WAIT_TIMEOUT && "HY000".equals(sql.getSQLState())) {
            return timeout(text + "; a lock was not free in time", error);
        }
        Predicate<Class<? extends SQLException>> is = type -> type.isInstance(error) || type.isInstance(sql);
        if (is.test(SQLTimeoutException.class)) {
            return timeout(text, error);
        }
        if (is.test(SQLRecoverableException.class) || is.test(SQLNonTransientConnectionException.class)) {
            return new BrokerConnectionException(text, error);
        }
        boolean busy = sql.getClass().getName().startsWith("org.sqlite")
                && ((sql.getErrorCode() & 0xff) == SQLITE_BUSY || (sql.getErrorCode() & 0xff) == SQLITE_LOCKED);
        return is.test(SQLTransientException.class) || busy ? retryable(text, error) : new BrokerException(text, error);
    }

    /** A pool wraps what the driver said: the deepest error with a state counts. */
    private static @Nullable SQLException root(Throwable error) {
        SQLException found = null;
        int depth = 0;
        for (Throwable cause = error; cause != null && depth < 10; cause = cause.getCause(), depth++) {
            if (cause instanceof SQLException sql && (found == null || sql.getSQLState() != null)) {
                found = sql;
            }
        }
        return found;
    }

    /** The server's first line without its details, which may have values of rows. One line, bounded. */
    private static String text(Throwable error) {
        String message = error.getMessage() == null ? "" : error.getMessage();
        if (error instanceof PSQLException postgres) {
            ServerErrorMessage server = postgres.getServerErrorMessage();
            if (server != null && server.getMessage() != null) {
                message = server.getMessage();
            }
        }
        String line = message.replaceAll("\\p{Cntrl}", " ");
        String code =
                error instanceof SQLException sql && sql.getSQLState() != null ? " (" + sql.getSQLState() + ")" : "";
        return (line.length() <= MAX_TEXT ? line : line.substring(0, MAX_TEXT) + "...") + code;
    }

    /** Returns the error for a place that the source does not have any more. Not retryable: nothing is skipped in silence. */
    static BrokerException dataLoss(String text) {
        return new BrokerException("data loss: " + text);
    }
}
