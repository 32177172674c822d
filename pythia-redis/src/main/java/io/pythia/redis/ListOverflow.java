package io.pythia.redis;

/** What a producer does when a list has as many elements as it may. */
public enum ListOverflow {
    /** Refuses the message, whose future fails; it is sent again while the producer's retry allows. */
    REJECT,
    /** Deletes the elements that were to be taken next. */
    DROP_OLDEST
}
