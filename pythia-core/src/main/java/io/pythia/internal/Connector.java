package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes sessions: paces the attempts, ends those that take too long, and tells of outages. An attempt runs on a thread of its own, so
 * that a client that hangs in it holds up nobody. Confined to the thread of its loop, but for what is volatile.
 *
 * @param <D> the driver
 */
final class Connector<D extends AutoCloseable> {
    /** Opens a driver. */
    interface Open<D> {
        void open(D driver) throws InterruptedException;
    }

    /** After credentials were refused, no storm of attempts. */
    private static final long HOPELESS_PAUSE = Duration.ofSeconds(5).toNanos();

    /** A session that did not live so long counts as an attempt that failed: else one that is lost at once is made without a pause. */
    private static final long PROVED = Duration.ofSeconds(1).toNanos();

    private final Events events;
    private final RetryConfig retry;
    private final Duration timeout;
    private final Supplier<? extends D> drivers;
    private final Open<D> open;
    private final Runnable wake;
    private volatile @Nullable BrokerException lastError;
    private final AtomicInteger reconnects = new AtomicInteger();
    private @Nullable Attempt attempt;
    private int failures;
    private long nextAt = System.nanoTime();
    private long openedAt;
    private long outageSince;
    private boolean hopeless;

    Connector(
            Events events,
            RetryConfig retry,
            Duration timeout,
            Supplier<? extends D> drivers,
            Open<D> open,
            Runnable wake) {
        this.events = events;
        this.retry = retry;
        this.timeout = timeout;
        this.drivers = drivers;
        this.open = open;
        this.wake = wake;
    }

    /** Returns a driver that was opened, or null: then wait for {@link #nanosToWait}, or see whether it {@link #isHopeless}. */
    @Nullable
    D poll(long now) {
        if (attempt == null) {
            if (nextAt - now > 0) {
                return null;
            }
            attempt = new Attempt(drivers.get(), now);
            attempt.thread.start();
        }
        Attempt current = attempt;
        if (!current.isOver() && now - current.startedAt >= ReceiveEngine.toNanos(timeout)) {
            current.abandon(new BrokerTimeoutException(events.name + ": could not connect within " + timeout
                    + "; is the address right, and the broker up?"));
        }
        if (!current.isOver()) {
            return null;
        }
        attempt = null;
        if (current.error != null) {
            failed(current.error);
            return null;
        }
        succeeded(now);
        return current.driver;
    }

    private void succeeded(long now) {
        openedAt = now;
        hopeless = false;
        if (outageSince != 0) {
            reconnects.incrementAndGet();
            events.connectionRestored(now - outageSince);
            outageSince = 0;
        }
    }

    private void failed(BrokerException cause) {
        lastError = cause;
        failures++;
        hopeless = !cause.isRetryable() || failures > retry.maxRetries();
        long pause = ReceiveEngine.toNanos(retry.delay(failures, ThreadLocalRandom.current()));
        nextAt = System.nanoTime() + (hopeless ? Math.max(pause, HOPELESS_PAUSE) : pause);
        events.reconnectFailed(cause);
    }

    /** A driver that was opened is lost, and closed here; a new one is due, at once if this one had worked for a while. */
    void lost(D driver, BrokerException cause) {
        long now = System.nanoTime();
        if (now - openedAt < PROVED) {
            failed(cause);
        } else {
            lastError = cause;
            failures = 0;
            nextAt = now;
        }
        outageSince = now;
        events.connectionLost(cause);
        close(driver);
    }

    /** Gives up an attempt that is under way, and closes a driver that has been opened and not taken. */
    void cancel() {
        Attempt current = attempt;
        attempt = null;
        if (current == null) {
            return;
        }
        current.abandon(new BrokerTimeoutException(events.name + " was disconnected"));
        if (current.error == null) {
            close(current.driver);
        }
    }

    /** Returns whether trying again makes no sense, or was tried often enough. */
    boolean isHopeless() {
        return hopeless;
    }

    int failures() {
        return failures;
    }

    @Nullable
    BrokerException lastError() {
        return lastError;
    }

    int reconnects() {
        return reconnects.get();
    }

    long nanosToWait(long now) {
        long until = attempt == null ? nextAt : attempt.startedAt + ReceiveEngine.toNanos(timeout);
        return Math.max(0, until - now);
    }

    private void close(D driver) {
        try {
            driver.close();
        } catch (Exception e) {
            events.messageWarning("could not close a connection properly", e);
        }
    }

    private final class Attempt {
        final D driver;
        final long startedAt;
        final Thread thread;
        private boolean abandoned;
        private volatile boolean over;
        private volatile @Nullable BrokerException error;

        Attempt(D driver, long startedAt) {
            this.driver = driver;
            this.startedAt = startedAt;
            this.thread = Threads.create(events.name, "connect", this::run);
        }

        boolean isOver() {
            return over;
        }

        private void run() {
            BrokerException failure = null;
            try {
                open.open(driver);
            } catch (InterruptedException e) {
                failure = new BrokerTimeoutException(events.name + ": connecting was interrupted");
            } catch (Throwable t) {
                failure = ReceiveEngine.asBrokerException(events.name + ": connecting", t);
            }
            synchronized (this) {
                if (failure == null && !abandoned) {
                    over = true;
                    wake.run();
                    return;
                }
            }
            close(driver);
            synchronized (this) {
                if (!abandoned) {
                    error = failure;
                    over = true;
                }
            }
            wake.run();
        }

        /** The thread closes the driver when it comes back. */
        synchronized void abandon(BrokerException why) {
            if (!over) {
                abandoned = true;
                error = why;
                over = true;
                thread.interrupt();
            }
        }
    }
}
