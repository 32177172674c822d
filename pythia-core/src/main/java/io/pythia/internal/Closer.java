package io.pythia.internal;

import io.pythia.BrokerTimeoutException;
import java.time.Duration;

/** Closes drivers on a thread of their own: a client whose close never returns must not hold up ours. */
final class Closer {
    private static final long GRACE = Duration.ofMillis(500).toNanos();

    private Closer() {}

    /** Closes a driver and waits for it, so long and a little longer; then it goes on in the background. */
    static void close(Events events, AutoCloseable driver, long nanos) {
        Thread thread = Threads.create(events.name, "close", () -> {
            try {
                driver.close();
            } catch (Exception e) {
                events.messageWarning("could not close the connection properly", e);
            }
        });
        thread.start();
        try {
            thread.join(Math.max(1, (nanos + GRACE) / 1_000_000));
        } catch (InterruptedException e) {
            // nobody interrupts the engine's threads; closing goes on
        }
        if (thread.isAlive()) {
            thread.interrupt();
            events.messageWarning(
                    "closing the connection goes on in the background",
                    new BrokerTimeoutException("it takes longer than the close timeout"));
        }
    }
}
