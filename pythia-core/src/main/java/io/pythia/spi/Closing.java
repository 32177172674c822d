package io.pythia.spi;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for a disconnect, as {@code close()} does. */
final class Closing {
    private static final Duration GRACE = Duration.ofSeconds(1);

    private Closing() {}

    /** Returns when it is done, at the latest a second after its timeout; an interrupt ends the wait and stays set. */
    static void await(CompletableFuture<Void> disconnected, Duration timeout) {
        try {
            disconnected.get(timeout.plus(GRACE).toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // disconnect() never fails, and logs what it could not close in time
        }
    }
}
