package io.pythia.cloud.azure;

/** Where in a queue or subscription of Service Bus a consumer takes its messages. */
public enum SubQueue {
    /** The queue itself. */
    NONE,
    /** What was put aside because it could not be processed. */
    DEAD_LETTER,
    /** What could not be forwarded to another queue. */
    TRANSFER_DEAD_LETTER
}
