package io.pythia.spi;

/** What is to be done with a message that was received. */
public enum Outcome {
    /** Processed: don't deliver it again. */
    ACK,
    /** Not processed: deliver it again, perhaps after a delay. */
    NACK,
    /** Can't be processed: put it to the dead letters, with a reason. */
    REJECT,
    /** Still being processed: keep it reserved for longer. It stays unsettled. */
    EXTEND
}
