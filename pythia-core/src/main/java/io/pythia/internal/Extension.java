package io.pythia.internal;

import io.pythia.Settled;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The wish to keep a message reserved for longer: the application's, or the engine's own. */
final class Extension<R> extends CompletableFuture<Settled> implements Settlement<R> {
    final Delivery<R> delivery;
    private final Duration by;
    private final boolean renewal;
    private final long askedAt = System.nanoTime();
    private @Nullable Object verdict;

    /** Creates one; a renewal is the engine's own. */
    Extension(Delivery<R> delivery, Duration by, boolean renewal) {
        this.delivery = delivery;
        this.by = by;
        this.renewal = renewal;
    }

    /** Returns whether there is nothing to extend. What is rejected is the engine's until it is with the dead letters. */
    boolean isTooLate() {
        return renewal ? !delivery.isToBeKept() || !delivery.engine.inFlight.holds(delivery) : delivery.isSettled();
    }

    /** The broker has done it: what the application asked for, later renewals must not take back. */
    void done() {
        if (!renewal) {
            delivery.reservedUntil = askedAt + ReceiveEngine.toNanos(by);
        }
        complete(Settled.DONE);
    }

    @Override
    public R receipt() {
        return delivery.receipt();
    }

    @Override
    public Outcome outcome() {
        return Outcome.EXTEND;
    }

    @Override
    public Duration delay() {
        return by;
    }

    @Override
    public @Nullable String reason() {
        return null;
    }

    @Override
    public void stale() {
        verdict = Settled.STALE;
    }

    @Override
    public void fail(Throwable error) {
        verdict = error;
    }

    @Nullable
    Object verdict() {
        return verdict;
    }
}
