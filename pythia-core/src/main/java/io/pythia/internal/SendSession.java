package io.pythia.internal;

import io.pythia.BrokerException;
import io.pythia.spi.DirectSendDriver;
import io.pythia.spi.SendDriver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** One driver of a producer, closed once, whoever is first: the sending thread, or the watch when that thread can't. */
final class SendSession implements AutoCloseable {
    final SendDriver driver;
    /** The same if it takes messages at once, else null. */
    final @Nullable DirectSendDriver direct;

    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable BrokerException failure;

    SendSession(SendDriver driver) {
        this.driver = driver;
        this.direct = driver instanceof DirectSendDriver able ? able : null;
    }

    /** Says from outside of the sending thread that it is over. */
    void fail(BrokerException cause) {
        failure = cause;
    }

    @Nullable
    BrokerException failure() {
        return failure;
    }

    boolean isClosed() {
        return closed.get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            driver.close();
        }
    }
}
