package io.pythia.memory;

import io.pythia.Settled;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Of a message that is only read from. */
record SettledAlready(int attempt) implements Settler {
    @Override
    public CompletableFuture<Settled> settle(Outcome outcome, @Nullable Object detail) {
        return CompletableFuture.completedFuture(Settled.STALE);
    }

    @Override
    public CompletableFuture<Settled> extend(Duration by) {
        return CompletableFuture.completedFuture(Settled.STALE);
    }

    @Override
    public boolean isSettled() {
        return true;
    }
}
