package io.pythia.rabbitmq;

/** What a consumer does when its queue does not exist and it may not declare it. */
public enum MissingQueue {
    /** The stream ends with a {@link io.pythia.DestinationNotFoundException}. */
    FAIL,
    /** It is sought again, as a lost connection is. */
    WAIT
}
