package io.pythia.internal.worker;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A slot with a thread: runs jobs until there are none. Others can see for how long its handler has been running, and interrupt that
 * handler and no other.
 */
final class Runner implements Runnable {
    private enum State {
        IDLE,
        RUNNING,
        INTERRUPTING,
        INTERRUPTED
    }

    private final Dispatcher dispatcher;
    private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
    private volatile @Nullable Thread thread;
    private volatile long since;

    Runner(Dispatcher dispatcher) {
        this.dispatcher = dispatcher;
    }

    @Override
    public void run() {
        thread = Thread.currentThread();
        dispatcher.started(this);
        try {
            for (Job job = dispatcher.next(); job != null; job = dispatcher.next()) {
                if (job.run(this)) {
                    return;
                }
            }
        } catch (Throwable t) {
            dispatcher.failed(t); // handlers' failures don't come here
        } finally {
            dispatcher.ended(this);
        }
    }

    /** The handler begins. */
    void begin() {
        since = System.nanoTime();
        state.set(State.RUNNING);
    }

    /** The handler has ended. Returns whether it was interrupted by {@link #interruptAfter}. */
    boolean end() {
        while (!state.compareAndSet(State.RUNNING, State.IDLE)) {
            if (state.compareAndSet(State.INTERRUPTED, State.IDLE)) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /** Returns for how long the handler has been running, in nanoseconds; -1 if none is. */
    long lasts(long now) {
        long began = since;
        return state.get() == State.IDLE ? -1 : Math.max(0, now - began);
    }

    /** Interrupts the handler that is running, once, if it has been running for so long, in nanoseconds. */
    void interruptAfter(long limit) {
        Thread target = thread;
        if (target == null || !state.compareAndSet(State.RUNNING, State.INTERRUPTING)) {
            return;
        }
        // Now that handler can't end and no other can begin: the time is its own.
        if (System.nanoTime() - since >= limit) {
            target.interrupt();
            state.set(State.INTERRUPTED);
        } else {
            state.set(State.RUNNING);
        }
    }

    @Nullable
    Thread thread() {
        return thread;
    }
}
