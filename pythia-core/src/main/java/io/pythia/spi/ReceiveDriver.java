package io.pythia.spi;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One session with one source of messages.
 *
 * <p>It is opened once, fails at most once and is never reopened: after a failure the engine makes a new one, paced by the consumer's
 * {@link io.pythia.retry.RetryConfig}. A driver never retries, never logs failures, and starts no thread unless its client must be
 * serviced. All failures are {@link BrokerException}s that say what was being done to what, with the client's error as their cause.
 *
 * <p>Who calls: {@link #open} first; then {@link #receive} and {@link #prefetch} from one thread, {@link #settle} from one thread at a time (not the same,
 * and while a receive is under way), {@link #wakeup}, {@link #ping} and {@link #facts} from any; {@link #close} once, last, from any
 * thread, also when open failed.
 *
 * @param <R> the receipt: what the broker needs to settle one message
 */
public interface ReceiveDriver<R> extends AutoCloseable {

    /**
     * Connects, checks the credentials, and checks or makes the source.
     *
     * @throws BrokerException if that fails; not retryable means that the engine gives up at once
     */
    void open() throws BrokerException, InterruptedException;

    /**
     * Returns the next messages, at least one if there are any, at most {@code max}; waits for the first at most for {@code wait}, and
     * may return none at any time.
     *
     * @throws BrokerException if the session is over
     */
    List<Received<R>> receive(int max, Duration wait) throws BrokerException, InterruptedException;

    /**
     * Says, before what a receive returned is given out, that up to so many more are wanted after it: a driver for which each receive is a
     * round trip may begin the next ones now, so that the broker works while the application does. Called by the thread that receives.
     * Must not block and must not fail: a later receive tells of what went wrong.
     *
     * <p>The next receive may come late, and ask for fewer: what it does not take, the driver keeps, and gives back at the latest in
     * {@link #stopIntake}. The engine does not extend the lease of what it was not given.
     */
    default void prefetch(int max) {}

    /**
     * Hands outcomes to the broker, in order. The future completes when the broker has them (or, on a broker that doesn't answer, when
     * they were written), exceptionally if none of the batch could be applied; see {@link Settlement} for single ones. The next batch may
     * come before that. Settling a message twice is no error. It may block for about as long as one round trip.
     */
    CompletableFuture<?> settle(List<? extends Settlement<R>> batch);

    /**
     * Makes a {@link #receive} that is under way, or else the next one, return soon. Must not block. A driver that can't do that must
     * itself return from receive within a second or so: the engine wakes it to deliver a message again and to disconnect.
     */
    default void wakeup() {}

    /**
     * Says that there will be no more {@link #receive}, while what is in flight may still be settled: a driver that holds messages which
     * were not given out gives them back now. Called at most once, by the thread that received. Must not fail. {@link #close} comes when it
     * has returned, or while it runs if the close timeout is over.
     */
    default void stopIntake() {}

    /**
     * Returns for how long the broker reserves a message it has delivered, zero if for ever. The engine extends leases, by EXTEND
     * settlements, each third of that time.
     */
    default Duration lease() {
        return Duration.ZERO;
    }

    /** Returns whether this session still owns the message; one that it doesn't is not delivered locally again. Must be cheap. */
    default boolean owns(R receipt) {
        return true;
    }

    /** Returns whether the source has come to its end and all of it was returned: the stream then completes. */
    default boolean isExhausted() {
        return false;
    }

    /**
     * Returns whether the client reconnects by itself and loses nothing of the session by it. The engine then reports outages that
     * {@link #ping} finds, and keeps the session, unless that fails more often in a row than the consumer's {@code retry} allows;
     * otherwise it makes a new one.
     */
    default boolean recoversByItself() {
        return false;
    }

    /**
     * Asks the broker for a sign of life and waits for it for a few seconds at most. Cheap, and without any effect on the broker.
     *
     * @throws BrokerException if there is none
     */
    void ping() throws BrokerException, InterruptedException;

    /** Returns figures about the session for {@link io.pythia.Health#facts()}, for instance the lag. Must not block. */
    default Map<String, String> facts() {
        return Map.of();
    }

    /** Gives unsettled messages back to the broker where it can, and releases everything; ends a receive that is under way. */
    @Override
    void close();
}
