package io.pythia.kafka;

import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** An acknowledgement that remembers what was said of it. */
final class FakeSettlement implements Settlement<KafkaRecord> {
    private final KafkaRecord receipt;
    boolean stale;

    FakeSettlement(KafkaRecord receipt) {
        this.receipt = receipt;
    }

    @Override
    public KafkaRecord receipt() {
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
