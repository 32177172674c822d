package io.pythia.retry;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;

/**
 * Stops calls to what fails. Closed, it lets all through; after a number of failures in a row it opens and lets none through; after a
 * while it is half open and lets one through: if that succeeds it closes, else it opens again. Thread-safe.
 *
 * <p>Each call that was let through must be reported by {@link #onSuccess} or {@link #onFailure}, or made by {@link #call}, which is
 * better where calls overlap: it leaves out the outcome of one that was let through before it opened. When a trial is not reported
 * another is let through after another timeout.
 */
public final class CircuitBreaker {
    /** What it does. */
    public enum State {
        /** Lets calls through. */
        CLOSED,
        /** Lets none through. */
        OPEN,
        /** Lets one through. */
        HALF_OPEN
    }

    private static final long REFUSED = -1;

    private final CircuitBreakerConfig config;
    private final LongSupplier clock;
    private State state = State.CLOSED;
    private int failures;
    /** How often it has opened: a call that was let through before the last time says nothing about now. */
    private long openings;
    /** When it opened, or when the trial was let through. */
    private long since;

    /** Creates one that is closed. */
    public CircuitBreaker(CircuitBreakerConfig config) {
        this(config, System::nanoTime);
    }

    CircuitBreaker(CircuitBreakerConfig config, LongSupplier clock) {
        this.config = config;
        this.clock = clock;
    }

    /** Returns whether a call may be made now. */
    public synchronized boolean tryAcquire() {
        return acquire() != REFUSED;
    }

    /** Returns the number of openings when a call was let through, or {@link #REFUSED}. */
    private synchronized long acquire() {
        if (state == State.CLOSED) {
            return openings;
        }
        long now = clock.getAsLong();
        if (now - since < config.timeout().toNanos()) {
            return REFUSED;
        }
        state = State.HALF_OPEN;
        since = now;
        return openings;
    }

    /**
     * A call succeeded: it closes. While it is open that changes nothing. While it is half open the call is taken for the trial, since nothing
     * says which it was.
     */
    public synchronized void onSuccess() {
        if (state != State.OPEN) {
            state = State.CLOSED;
            failures = 0;
        }
    }

    /** A call failed. While it is open that changes nothing; while it is half open the call is taken for the trial, and it opens again. */
    public synchronized void onFailure() {
        if (!config.enabled() || state == State.OPEN) {
            return;
        }
        failures++;
        if (state == State.HALF_OPEN || failures >= config.threshold()) {
            state = State.OPEN;
            openings++;
            since = clock.getAsLong();
        }
    }

    private synchronized void report(long openingsAtStart, boolean succeeded) {
        if (openingsAtStart != openings) {
            return;
        }
        if (succeeded) {
            onSuccess();
        } else {
            onFailure();
        }
    }

    /** Returns what it does now. */
    public synchronized State state() {
        return state;
    }

    /** Returns how long until a call may be made; zero if now. */
    public synchronized Duration untilTrial() {
        long left = state == State.CLOSED ? 0 : config.timeout().toNanos() - (clock.getAsLong() - since);
        return Duration.ofNanos(Math.max(0, left));
    }

    /**
     * Makes a call if it may be made, and reports its outcome, unless the breaker has opened meanwhile.
     *
     * @throws CircuitOpenException if it may not
     * @throws Exception what the call threw
     */
    public <T> T call(Callable<T> action) throws Exception {
        long openingsAtStart = acquire();
        if (openingsAtStart == REFUSED) {
            throw new CircuitOpenException("the circuit is open after " + config.threshold()
                    + " failures in a row; trying again in " + untilTrial());
        }
        boolean succeeded = false;
        try {
            T result = action.call();
            succeeded = true;
            return result;
        } finally {
            report(openingsAtStart, succeeded);
        }
    }
}
