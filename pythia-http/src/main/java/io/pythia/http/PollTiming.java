package io.pythia.http;

/** From when the poll interval counts. */
public enum PollTiming {
    /** From the end of a poll to the beginning of the next. */
    FIXED_DELAY,
    /** From beginning to beginning; polls that could not be made in time are left out. */
    FIXED_RATE
}
