package io.pythia.kafka;

/** Where a group begins in a partition for which it has no position: {@code auto.offset.reset}. */
public enum AutoOffsetReset {
    /** At the first record that the broker still has. */
    EARLIEST,
    /** After the last record. */
    LATEST,
    /** Nowhere: the stream ends with an error. */
    NONE
}
