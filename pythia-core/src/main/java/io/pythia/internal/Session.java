package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One driver and whether it still lives. What was received in a dead session is stale. */
final class Session<R> {
    final ReceiveDriver<R> driver;
    private final AtomicBoolean dead = new AtomicBoolean();
    private volatile @Nullable BrokerException failure;

    Session(ReceiveDriver<R> driver) {
        this.driver = driver;
    }

    boolean isDead() {
        return dead.get();
    }

    /** Ends it; returns whether it was alive: then its caller, and nobody else, closes the driver. */
    boolean die() {
        return dead.compareAndSet(false, true);
    }

    /** Says from outside of the receiving thread that the session is over. */
    void fail(BrokerException cause) {
        failure = cause;
        driver.wakeup();
    }

    @Nullable
    BrokerException failure() {
        return failure;
    }
}
