package io.pythia.internal;

import io.pythia.spi.SendDriver;
import java.util.concurrent.atomic.AtomicBoolean;

/** One driver of a producer, closed once, whoever is first: the sending thread, or the watch when that thread can't. */
final class SendSession implements AutoCloseable {
    final SendDriver driver;
    private final AtomicBoolean closed = new AtomicBoolean();

    SendSession(SendDriver driver) {
        this.driver = driver;
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
