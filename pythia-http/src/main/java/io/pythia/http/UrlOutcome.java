package io.pythia.http;

import org.jspecify.annotations.Nullable;

/**
 * What became of a message at one URL.
 *
 * @param kind whether the URL has it
 * @param text for the application: the status, or what went wrong, and the number of attempts
 * @param cause what went wrong last, null if it has it
 */
record UrlOutcome(Kind kind, String text, @Nullable Throwable cause) {
    enum Kind {
        /** It answered 2xx. */
        DELIVERED,
        /** It certainly does not have it, or has refused it. */
        REFUSED,
        /** At some attempt the request went out and no answer came. */
        UNCERTAIN
    }
}
