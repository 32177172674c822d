package io.pythia.testkit;

import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An acknowledgement for tests of what a driver does with it, without an engine. Remembers whether it was called stale; that it fails is an
 * error. Not thread-safe.
 */
public final class FakeAck<R> implements Settlement<R> {
    private final R receipt;
    private boolean stale;

    /** Creates one for a receipt. */
    public FakeAck(R receipt) {
        this.receipt = receipt;
    }

    /** Returns whether {@link #stale} was called. */
    public boolean isStale() {
        return stale;
    }

    @Override
    public R receipt() {
        return receipt;
    }

    @Override
    public Outcome outcome() {
        return Outcome.ACK;
    }

    @Override
    public Duration delay() {
        return Duration.ZERO;
    }

    @Override
    public @Nullable String reason() {
        return null;
    }

    @Override
    public void stale() {
        stale = true;
    }

    @Override
    public void fail(Throwable error) {
        throw new AssertionError(error);
    }
}
