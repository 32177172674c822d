package io.pythia.internal;

/** The headers that a dead letter carries beside its own. */
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

    private DeadLetterHeaders() {}
}
