package io.pythia.cdc;

/** What happens when the server no longer has the part of its log that follows our place. */
public enum SlotLoss {
    /** The consumer stops with an error that names both places. */
    STOP,
    /** A new slot is made, and all rows are read anew. What was deleted in between is not seen, nor states that were passed over. */
    SNAPSHOT
}
