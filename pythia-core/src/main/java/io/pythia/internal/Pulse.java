package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks the broker for a sign of life, on a thread of its own, one question at a time. Reports the beginning and the end of an outage.
 * Thread-safe.
 */
final class Pulse {
    /** A driver's ping. */
    interface Ping {
        void ping() throws InterruptedException;
    }

    private static final long INTERVAL = Duration.ofSeconds(3).toNanos();
    private static final long LIMIT = Duration.ofSeconds(5).toNanos();

    private final Events events;
    private @Nullable CompletableFuture<@Nullable BrokerException> pending;
    private @Nullable Thread asking;
    private long askedAt = System.nanoTime();
    private int failures;
    private long outageSince;

    Pulse(Events events) {
        this.events = events;
    }

    /** Returns a future of what was wrong, null if nothing was. Who asks while a question is open gets its answer. */
    synchronized CompletableFuture<@Nullable BrokerException> ask(Ping ping) {
        if (pending != null) {
            return pending.copy();
        }
        CompletableFuture<@Nullable BrokerException> answer = new CompletableFuture<>();
        pending = answer;
        askedAt = System.nanoTime();
        asking = Threads.create(events.name, "ping", () -> answered(answer, tryPing(ping)));
        asking.start();
        return answer.copy();
    }

    private @Nullable BrokerException tryPing(Ping ping) {
        try {
            ping.ping();
            return null;
        } catch (InterruptedException e) {
            return timeout();
        } catch (RuntimeException e) {
            return ReceiveEngine.asBrokerException(events.name + ": asking for a sign of life", e);
        }
    }

    private void answered(CompletableFuture<@Nullable BrokerException> answer, @Nullable BrokerException error) {
        synchronized (this) {
            if (pending != answer) {
                return;
            }
            pending = null;
            asking = null;
            askedAt = System.nanoTime();
            failures = error == null ? 0 : failures + 1;
        }
        answer.complete(error);
    }

    /** Answers in place of a broker that is silent for too long. */
    void checkOverdue(long now) {
        CompletableFuture<@Nullable BrokerException> silent;
        Thread stuck;
        synchronized (this) {
            silent = pending;
            stuck = asking;
            if (silent == null || now - askedAt < LIMIT) {
                return;
            }
        }
        answered(silent, timeout());
        if (stuck != null) {
            stuck.interrupt();
        }
    }

    private BrokerTimeoutException timeout() {
        return new BrokerTimeoutException(events.name + ": no sign of life from the broker within "
                + Duration.ofNanos(LIMIT).toSeconds() + " s");
    }

    /** Returns whether neither a message nor an answer came for a while. */
    synchronized boolean isDue(long now, long lastMessageAt) {
        return pending == null && now - askedAt > INTERVAL && now - lastMessageAt > INTERVAL;
    }

    synchronized int failures() {
        return failures;
    }

    /** The session is over: what was reported of it does not matter any more. */
    synchronized void forgetOutage() {
        outageSince = 0;
    }

    /** Tells of the beginning and the end of an outage that the client overcomes by itself. */
    void report(@Nullable BrokerException error) {
        long lasted = 0;
        synchronized (this) {
            if (error != null && outageSince != 0) {
                return;
            }
            if (error == null) {
                lasted = outageSince == 0 ? 0 : System.nanoTime() - outageSince;
                outageSince = 0;
            } else {
                outageSince = System.nanoTime();
            }
        }
        if (error != null) {
            events.connectionLost(error);
        } else if (lasted > 0) {
            events.connectionRestored(lasted);
        }
    }
}
