package io.pythia.spi;

import io.pythia.Settled;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What a received message calls when the application settles it. The engine implements it; a test of a handler may, too. A connector whose
 * broker has outcomes of its own gets it by {@code Message.unwrap(Settler.class)}.
 */
public interface Settler {

    /**
     * Settles the message, once: a second call changes nothing and returns the first one's future.
     *
     * @param outcome ACK, NACK or REJECT
     * @param detail the delay ({@link Duration}) of a NACK, or null; the reason ({@link String}) of a REJECT; or an object of the
     *     connector's own, which its driver finds in {@link Settlement#detail}
     */
    CompletableFuture<Settled> settle(Outcome outcome, @Nullable Object detail);

    /**
     * Gives back a message that nobody has processed, when its stream has ended: to be delivered again, and no failed attempt.
     * Does nothing if it is settled. Default: a NACK without a delay.
     */
    default void release() {
        settle(Outcome.NACK, null);
    }

    /** Extends the lease of the message. */
    CompletableFuture<Settled> extend(Duration by);

    /** Returns how often the message was delivered, this time included. */
    int attempt();

    /** Returns whether it was settled, or taken back by the broker. */
    boolean isSettled();
}
