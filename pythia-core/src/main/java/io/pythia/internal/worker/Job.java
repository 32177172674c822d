package io.pythia.internal.worker;

/** What takes a slot: one message, or one batch. */
interface Job {

    /**
     * Runs, on the thread of a runner.
     *
     * @return whether the slot stays taken, until {@link Dispatcher#release}
     */
    boolean run(Runner runner);
}
