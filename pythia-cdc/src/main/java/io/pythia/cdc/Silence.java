package io.pythia.cdc;

import java.sql.SQLException;
import java.time.Duration;

/**
 * Notices that what the server sends does not arrive any more, while its connection stays open: it was cut on the way, and neither end has
 * been told. Only the log's thread.
 */
final class Silence {
    private static final Duration LEAST = Duration.ofSeconds(5);

    private final long longest;
    private long arrived;
    private long movedAt;

    Silence(Duration longest, long now) {
        this.longest = longest.toNanos();
        this.movedAt = now;
    }

    /** Returns how long the server may be silent: it is asked for an answer each status interval. */
    static Duration longest(CdcConfig config) {
        Duration two = config.statusInterval().multipliedBy(2);
        return two.compareTo(LEAST) > 0 ? two : LEAST;
    }

    /** Says that it is we who do not read. */
    void isOurs(long now) {
        movedAt = now;
    }

    /**
     * Looks at a read that gave nothing. The driver takes a timeout in the middle of a message for nothing to read; what comes after that
     * would be read as if it were the beginning of one.
     *
     * @throws SQLException if it took as long as the timeout
     */
    void checkPause(long nanos) throws SQLException {
        if (nanos >= longest) {
            throw silent("in the middle of a message");
        }
    }

    /**
     * Compares what has arrived with what was sent.
     *
     * @param hasArrived how far the log has arrived
     * @param sent how far the server says that it has sent it, 0 if that is not known
     * @throws SQLException if there is more, and nothing has arrived for too long
     */
    void check(long hasArrived, long sent, long now) throws SQLException {
        if (hasArrived != arrived || Long.compareUnsigned(sent, hasArrived) <= 0) {
            arrived = hasArrived;
            movedAt = now;
        } else if (now - movedAt >= longest) {
            throw silent("though it says that it has sent more");
        }
    }

    private SQLException silent(String when) {
        return new SQLException("the server has been silent for " + longest / 1_000_000 + " ms " + when, "08006");
    }
}
