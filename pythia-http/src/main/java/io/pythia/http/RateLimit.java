package io.pythia.http;

import java.time.Duration;

/**
 * How many requests may be made in a time, at even distances. Give the same one to all pollers of a host. Thread-safe.
 */
public final class RateLimit {
    private final long distance;
    private long nextAt = System.nanoTime();

    private RateLimit(long distance) {
        this.distance = distance;
    }

    /** Returns a limit of so many requests in such a time. */
    public static RateLimit of(int requests, Duration time) {
        if (requests < 1 || time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(
                    "a rate limit must allow at least one request in a time of more than zero, but has " + requests
                            + " in " + time);
        }
        return new RateLimit(time.toNanos() / requests);
    }

    /** Returns zero, and counts a request, if one may be made now; else how long that is not so, in nanoseconds. */
    synchronized long tryAcquire(long now) {
        if (nextAt - now > 0) {
            return nextAt - now;
        }
        nextAt = now + distance;
        return 0;
    }
}
