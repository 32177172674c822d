package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the broker for a sign of life, on a thread of its own, one question at a time, and acts on the answer, whoever has asked. Reports
 * the beginning and the end of an outage. Thread-safe.
 */
final class Pulse {
    /** A driver's ping. */
    interface Ping {
        void ping() throws InterruptedException;
    }

    /** What an outage shows by; each sign comes and goes by itself. */
    enum Sign {
        /** The broker does not answer. */
        PING,
        /** It takes no messages. */
        REFUSAL
    }

    private static final long INTERVAL = Duration.ofSeconds(3).toNanos();
    private static final long LIMIT = Duration.ofSeconds(5).toNanos();

    private final Events events;
    private final int maxRetries;
    private @Nullable Question pending;
    private long askedAt = System.nanoTime();
    private int failures;
    private long failingSince;
    private @Nullable BrokerException lastError;
    private final Set<Sign> outage = EnumSet.noneOf(Sign.class);
    private long outageSince;

    /** Creates one for which a client that recovers by itself may take as long as it likes. */
    Pulse(Events events) {
        this(events, RetryConfig.FOREVER);
    }

    /** Creates one that gives such a client up after so many failures beyond the first, and not before that many intervals. */
    Pulse(Events events, int maxRetries) {
        this.events = events;
        this.maxRetries = maxRetries;
    }

    /** A question that is open: a driver is asked. */
    private final class Question implements Runnable {
        final Ping ping;
        final boolean recoversByItself;
        final Consumer<BrokerException> lost;
        final CompletableFuture<@Nullable BrokerException> answer = new CompletableFuture<>();
        final Thread thread = Threads.create(events.name, "ping", this);

        Question(Ping ping, boolean recoversByItself, Consumer<BrokerException> lost) {
            this.ping = ping;
            this.recoversByItself = recoversByItself;
            this.lost = lost;
        }

        @Override
        public void run() {
            answered(this, tryPing());
        }

        private @Nullable BrokerException tryPing() {
            try {
                ping.ping();
                return null;
            } catch (InterruptedException e) {
                return timeout();
            } catch (RuntimeException e) {
                return ReceiveEngine.asBrokerException(events.name + ": asking for a sign of life", e);
            }
        }
    }

    /**
     * Returns a future of what was wrong, null if nothing was. Who asks while a question is open gets its answer. Before it completes, a
     * client that recovers by itself has its outage reported, and is lost when that has lasted too long; of another one, the second failure
     * in a row means that the session is lost.
     */
    synchronized CompletableFuture<@Nullable BrokerException> ask(
            Ping ping, boolean recoversByItself, Consumer<BrokerException> lost) {
        if (pending == null) {
            pending = new Question(ping, recoversByItself, lost);
            askedAt = System.nanoTime();
            pending.thread.start();
        }
        return pending.answer.copy();
    }

    private void answered(Question question, @Nullable BrokerException error) {
        boolean dead;
        synchronized (this) {
            if (pending != question) {
                return;
            }
            pending = null;
            askedAt = System.nanoTime();
            count(error, question.recoversByItself);
            dead = failures > 1 && (!question.recoversByItself || isGivenUp());
        }
        if (question.recoversByItself) {
            report(Sign.PING, error);
        }
        if (error != null && dead) {
            question.lost.accept(error);
        }
        question.answer.complete(error);
    }

    private void count(@Nullable BrokerException error, boolean recoversByItself) {
        boolean known = recoversByItself && error != null && error == lastError; // what it has tried is tried once
        failingSince = failures == 0 ? askedAt : failingSince;
        failures = error == null ? 0 : failures + (known ? 0 : 1);
        lastError = error;
    }

    private boolean isGivenUp() {
        return failures > maxRetries && (askedAt - failingSince) / INTERVAL >= maxRetries;
    }

    /** Answers in place of a broker that is silent for too long. */
    void checkOverdue(long now) {
        Question silent;
        synchronized (this) {
            silent = pending;
            if (silent == null || now - askedAt < LIMIT) {
                return;
            }
        }
        answered(silent, timeout());
        silent.thread.interrupt();
    }

    private BrokerTimeoutException timeout() {
        return new BrokerTimeoutException(events.name + ": no sign of life from the broker within "
                + Duration.ofNanos(LIMIT).toSeconds() + " s");
    }

    /** Returns whether neither a message nor an answer came for a while. */
    synchronized boolean isDue(long now, long lastMessageAt) {
        return pending == null && now - askedAt > INTERVAL && now - lastMessageAt > INTERVAL;
    }

    /** The session is over: what was reported of it, and what its driver may still answer, does not matter any more. */
    void forgetOutage() {
        Question late;
        synchronized (this) {
            outage.clear();
            failures = 0;
            lastError = null;
            late = pending;
            pending = null;
        }
        if (late != null) {
            late.thread.interrupt();
            late.answer.complete(null); // who asks it will see that there is no session
        }
    }

    /** Tells of the beginning and the end of an outage that the client overcomes by itself: it lasts until no sign of it is left. */
    void report(Sign sign, @Nullable BrokerException error) {
        boolean turned;
        long lasted;
        synchronized (this) {
            boolean was = outage.isEmpty();
            if (error == null) {
                outage.remove(sign);
            } else {
                outage.add(sign);
            }
            turned = was != outage.isEmpty();
            long now = System.nanoTime();
            lasted = now - outageSince;
            outageSince = turned ? now : outageSince;
        }
        if (turned && error != null) {
            events.connectionLost(error);
        } else if (turned) {
            events.connectionRestored(lasted);
        }
    }
}
