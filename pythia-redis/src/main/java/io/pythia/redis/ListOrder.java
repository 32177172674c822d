package io.pythia.redis;

/** From which end of a list a consumer takes. Producers of this library put at the left end. */
public enum ListOrder {
    /** From the right end: first in, first out. */
    FIFO,
    /** From the left end: last in, first out. */
    LIFO
}
