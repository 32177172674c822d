package io.pythia.redis;

/** What a publish/subscribe consumer does when messages come faster than the application takes them. */
public enum BufferOverflow {
    /** Ends the stream with an error. */
    ERROR,
    /** Drops the message that has waited longest, and tells the listener of data loss. */
    DROP_OLDEST,
    /** Drops the message that has come last, and tells the listener of data loss. */
    DROP_NEW
}
