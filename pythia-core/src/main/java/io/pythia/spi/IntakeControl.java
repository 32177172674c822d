package io.pythia.spi;

import io.pythia.Message;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A consumer as a {@link io.pythia.Worker} needs it: its intake can be stopped before it disconnects, so that messages in hand can be settled first. */
public interface IntakeControl {

    /**
     * Ends the delivery of messages for good, also of those that were nacked; the subscription stays open. What is in flight can be
     * settled until the consumer disconnects. Any thread; never blocks; a second call does nothing.
     */
    void stopIntake();

    /**
     * Returns how long a message may be with the application before the broker gives it to somebody else all the same; null if there is no
     * limit. Default: null.
     */
    default @Nullable Duration longestHold() {
        return null;
    }

    /**
     * Returns whether a message that was not handled can be given back, and is delivered again. Where it can't (at most once), a worker that
     * stops has what it was given handled until its close timeout is over. Default: true.
     */
    default boolean takesBack() {
        return true;
    }

    /** Says that a message was put to dead letters by who has it in hand, so that the consumer's listener hears of it. Default: nothing. */
    default void deadLettered(Message message, String reason) {}
}
