package io.pythia;

/** What is delivered when there is no stored place yet. */
public enum FirstRun {
    /** All that the source has. */
    ALL,
    /** Only what comes to the source later. */
    ONLY_NEW
}
