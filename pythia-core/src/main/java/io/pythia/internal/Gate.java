package io.pythia.internal;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets one thread wait for signals from others without a lock: it clears the gate, looks at its state, and waits only if no signal came
 * since. A signal while it runs costs one volatile write.
 */
public final class Gate {
    private volatile @Nullable Thread waiter;
    private volatile boolean signalled;

    /** Creates one without a signal. */
    public Gate() {}

    /** Forgets earlier signals; called by the waiting thread before it looks at its state. */
    public void clear() {
        signalled = false;
    }

    /** Returns whether a signal came since {@link #clear}. */
    public boolean isSignalled() {
        return signalled;
    }

    /** Makes the waiting thread look again. Any thread. */
    public void signal() {
        signalled = true;
        Thread thread = waiter;
        if (thread != null) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Waits for a signal, at most so long. Returns early for no reason at times, and on an interrupt.
     *
     * @param ready whether there is something to do already. Asked when others can see that this thread waits: who adds work and then
     *     finds that it doesn't wait need not {@link #signal}.
     */
    public void await(long nanos, BooleanSupplier ready) {
        waiter = Thread.currentThread();
        try {
            if (!signalled && nanos > 0 && !ready.getAsBoolean()) {
                LockSupport.parkNanos(this, nanos);
            }
        } finally {
            waiter = null;
        }
    }

    /** Makes the thread look again if it waits. Enough for who has added work that {@code ready} sees. Any thread. */
    public void signalIfWaiting() {
        if (waiter != null) {
            signal();
        }
    }
}
