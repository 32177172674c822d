package io.pythia.internal.worker;

/** The handler was interrupted because the worker stops: its message has neither succeeded nor failed. */
final class StoppedException extends Exception {
    private static final long serialVersionUID = 1L;

    StoppedException() {
        super("the worker was stopped");
    }
}
