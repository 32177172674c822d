package io.pythia;

/** What became of settling a message. Neither value is an error. */
public enum Settled {
    /** The broker, or the engine in its place, has taken the outcome over. */
    DONE,
    /**
     * The broker had already taken the message back: its lease had ended, its partition belongs to another consumer, or the
     * connection it came from is gone. The outcome was not applied, the message is or was delivered again.
     */
    STALE
}
