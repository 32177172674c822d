package io.pythia.cloud.azure;

import java.time.Duration;

/**
 * Judges whether a receiver is silent that should not be: it waits for messages, none comes, and the queue may have some. The client's links
 * are known for that. A judgement that has helped nothing makes the next one wait twice as long: perhaps somebody else has those messages
 * locked. One for all sessions of a consumer. Thread-safe.
 */
final class SilenceWatch {
    private static final int MOST_DOUBLINGS = 6;

    private final long limit;
    private long silentFor;
    private int inVain;

    /** Creates one; silence for that time is suspicious. */
    SilenceWatch(Duration limit) {
        this.limit = limit.toNanos();
    }

    /** The receiver has waited in vain. Time in which the application wanted nothing does not count. */
    synchronized void waited(long nanos) {
        silentFor += nanos;
    }

    /** A message has come. */
    synchronized void received() {
        silentFor = 0;
        inVain = 0;
    }

    /** A new session has begun. */
    synchronized void begins() {
        silentFor = 0;
    }

    /** Returns whether it has been silent for so long that the queue should be looked at. */
    synchronized boolean isSuspicious() {
        return silentFor >= limit << Math.min(inVain, MOST_DOUBLINGS);
    }

    /** The queue has messages: the session is given up. */
    synchronized void givenUp() {
        inVain++;
        silentFor = 0;
    }
}
