package io.pythia.memory;

import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What the engine hands to the driver, for one delivery. */
final class FakeSettlement implements Settlement<MemoryDelivery> {
    private final MemoryDelivery receipt;
    private final Outcome outcome;
    private final Duration delay;
    boolean unseen;
    boolean stale;

    @Nullable
    Throwable error;

    FakeSettlement(MemoryDelivery receipt, Outcome outcome, Duration delay) {
        this.receipt = receipt;
        this.outcome = outcome;
        this.delay = delay;
    }

    @Override
    public MemoryDelivery receipt() {
        return receipt;
    }

    @Override
    public Outcome outcome() {
        return outcome;
    }

    @Override
    public Duration delay() {
        return delay;
    }

    @Override
    public @Nullable String reason() {
        return outcome == Outcome.REJECT ? "because" : null;
    }

    @Override
    public boolean isUnseen() {
        return unseen;
    }

    @Override
    public void stale() {
        stale = true;
    }

    @Override
    public void fail(Throwable failure) {
        error = failure;
    }
}
