package io.pythia.internal.worker;

import io.pythia.Message;
import org.jspecify.annotations.Nullable;

/** One message on its way through a worker. Passed from thread to thread, never used by two at once. */
final class Task implements Job {
    final Message message;
    private final WorkerEngine engine;
    private final Lanes.@Nullable Lane lane;
    /** Its place in the order of arrival, from 1; 0 if it is not handled in that order. */
    private final long number;
    /** The next one of the same lane; guarded by the lane. */
    @Nullable
    Task next;
    /** How often its handler has failed. */
    int tries;
    /** How many of these failures count against it. */
    int failures;
    /** How often it failed as the one that was tried during an outage. */
    int failedProbes;
    /** When it failed first, in milliseconds of the clock; 0 if it did not. */
    long firstFailedAt;

    Task(WorkerEngine engine, Message message, Lanes.@Nullable Lane lane, long number) {
        this.engine = engine;
        this.message = message;
        this.lane = lane;
        this.number = number;
    }

    /** Returns {@link #number}; 0 when its handler has failed, since others have overtaken it then. */
    long number() {
        return tries == 0 ? number : 0;
    }

    Lanes.@Nullable Lane lane() {
        return lane;
    }

    @Override
    public boolean run(Runner runner) {
        return engine.handle(this, runner);
    }
}
