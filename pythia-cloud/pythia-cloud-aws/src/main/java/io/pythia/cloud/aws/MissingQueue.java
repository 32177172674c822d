package io.pythia.cloud.aws;

/** What a consumer or a producer does when its queue does not exist. */
public enum MissingQueue {
    /** The stream, or the send, ends with a {@link io.pythia.DestinationNotFoundException}. */
    FAIL,
    /** It is sought again, as a lost connection is. */
    WAIT,
    /** It is made, with the service's defaults; a FIFO queue if its name ends so. */
    CREATE
}
