package io.pythia.internal;

import io.pythia.Headers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * The headers that a dead letter carries beside its own. They are bounded and replaced, not added: a message may go round any number of
 * times.
 */
public final class DeadLetterHeaders {
    /** Why it was rejected. */
    public static final String REASON = "pythia-dead-letter-reason";

    /** Where it was consumed from. */
    public static final String SOURCE = "pythia-dead-letter-source";

    /** The id under which it was consumed. */
    public static final String ID = "pythia-dead-letter-id";

    /** How often it was delivered. */
    public static final String ATTEMPTS = "pythia-dead-letter-attempts";

    /** When it was put aside, in ISO-8601. */
    public static final String TIME = "pythia-dead-letter-time";

    /** The class of the exception, where there was one. */
    public static final String EXCEPTION = "pythia-dead-letter-exception";

    /** When it failed first, in ISO-8601. */
    public static final String FIRST_FAILURE = "pythia-dead-letter-first-failure";

    private static final int MAX_REASON = 500;

    private DeadLetterHeaders() {}

    /**
     * Returns a message's headers and these.
     *
     * @param attempts how often it was delivered
     */
    public static Headers add(Headers headers, String id, String source, int attempts, String reason) {
        return headers.with(REASON, shortened(reason))
                .with(SOURCE, shortened(source))
                .with(ID, shortened(id))
                .with(ATTEMPTS, Integer.toString(attempts))
                .with(TIME, Instant.now().toString());
    }

    /** Returns headers with what is known beyond {@link #add} when a handler has failed. */
    public static Headers addFailure(Headers headers, Throwable cause, Instant firstFailure) {
        return headers.with(EXCEPTION, shortened(cause.getClass().getName()))
                .with(FIRST_FAILURE, firstFailure.toString());
    }

    /** Text that may come from anywhere, fit for a header. */
    private static String shortened(String reason) {
        String valid = new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        if (valid.length() <= MAX_REASON) {
            return valid;
        }
        return valid.substring(
                0, Character.isHighSurrogate(valid.charAt(MAX_REASON - 1)) ? MAX_REASON - 1 : MAX_REASON);
    }
}
