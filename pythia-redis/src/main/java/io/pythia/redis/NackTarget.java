package io.pythia.redis;

/** Where a message of a list goes that its handler could not process. */
public enum NackTarget {
    /** To the same consumer again, which counts the attempts; the broker keeps it in the consumer's list of what it is processing. */
    CONSUMER,
    /** Back to the end of the queue from which consumers take: any consumer gets it next. Attempts are not counted. */
    HEAD,
    /** Back to the other end of the queue: any consumer gets it last. Attempts are not counted. */
    TAIL
}
