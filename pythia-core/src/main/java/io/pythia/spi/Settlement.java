package io.pythia.spi;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One message's outcome on its way to the broker.
 *
 * <p>A driver that can't apply it says so by {@link #stale} or {@link #fail} before it completes the future of
 * {@link ReceiveDriver#settle}; of which it says nothing, what that future says holds.
 *
 * @param <R> what the broker needs to settle one message
 */
public interface Settlement<R> {

    /** Returns what the broker needs to settle the message. */
    R receipt();

    /** Returns what to do. */
    Outcome outcome();

    /** Returns the delay of a NACK (zero if none was asked for) or the time of an EXTEND; zero otherwise. */
    Duration delay();

    /** Returns the reason of a REJECT, else null. */
    @Nullable
    String reason();

    /**
     * Returns what a connector's own method has given to {@link Settler#settle}, null for outcomes of {@link io.pythia.Message}. It stays
     * when a NACK becomes a REJECT because the attempts are used up.
     */
    default @Nullable Object detail() {
        return null;
    }

    /**
     * Returns whether a NACK gives back what nobody has processed: then it is no failed attempt, for a driver that counts them. Default:
     * false.
     */
    default boolean isUnseen() {
        return false;
    }

    /** Says that the broker had already taken the message back. */
    void stale();

    /** Says that this one could not be settled; the engine tries again if the error is retryable. */
    void fail(Throwable error);
}
