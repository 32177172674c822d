package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import org.jspecify.annotations.Nullable;

/** One driver and whether it still lives. What was received in a dead session is stale. */
final class Session<R> {
    final ReceiveDriver<R> driver;
    private volatile boolean dead;
    private volatile @Nullable BrokerException failure;

    Session(ReceiveDriver<R> driver) {
        this.driver = driver;
    }

    boolean isDead() {
        return dead;
    }

    void die() {
        dead = true;
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
