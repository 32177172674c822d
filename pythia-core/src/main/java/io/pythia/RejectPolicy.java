package io.pythia;

/** What happens to a rejected message when there are no dead letters to put it to, or they refuse it for good: it is too large, say. */
public enum RejectPolicy {
    /** The stream ends with {@code onError}; the message stays unsettled and is delivered again to the next consumer. */
    STOP,
    /** The message is acknowledged and thus lost; {@link BrokerListener#dropped} is told. */
    DROP
}
