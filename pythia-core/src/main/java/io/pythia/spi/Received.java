package io.pythia.spi;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message as a driver hands it to the engine.
 *
 * @param receipt what the broker needs to settle it
 * @param content what it holds
 * @param attempt how often the broker has delivered it, this time included; 1 if the broker doesn't count
 * @param poison null, or why it can't be decoded: the engine then rejects it with its raw bytes and doesn't show it to the application
 * @param <R> the type of the receipt
 */
public record Received<R>(
        R receipt,
        MessageContent content,
        int attempt,
        @Nullable Throwable poison) {

    /** Checks that nothing needed is null. */
    public Received {
        Objects.requireNonNull(receipt, "receipt");
        Objects.requireNonNull(content, "content");
    }

    /** Creates one that is delivered for the first time, as far as the broker knows. */
    public Received(R receipt, MessageContent content) {
        this(receipt, content, 1, null);
    }
}
