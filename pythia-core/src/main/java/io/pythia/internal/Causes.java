package io.pythia.internal;

import java.util.concurrent.CompletionException;

/** What a stage has failed with: one that depends on another is told by a {@link CompletionException} around it. */
public final class Causes {
    private Causes() {}

    /** Returns what is in a completion exception; any other error as it is. */
    public static Throwable of(Throwable error) {
        return error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    }
}
