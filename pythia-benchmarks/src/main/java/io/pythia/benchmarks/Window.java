package io.pythia.benchmarks;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Bounds what is sent and has no answer yet, for one sending thread. Room comes back in steps: to wake the sender with each answer costs
 * more than the client, and who waits most would be who sends fastest.
 */
final class Window {
    private static final int STEPS = 20;
    private static final long PAUSE_NANOS = 100_000;

    private final int step;
    private final Semaphore free;
    private final AtomicInteger answered = new AtomicInteger();
    private int sent;

    Window(int size) {
        this.step = Math.max(1, size / STEPS);
        this.free = new Semaphore(size);
    }

    /** Waits for room for one message. */
    void acquire() throws InterruptedException {
        free.acquire();
        sent++;
    }

    /** One message is answered. Any thread. */
    void release() {
        release(1);
    }

    /** So many are answered. Any thread. */
    void release(int count) {
        int after = answered.addAndGet(count);
        int steps = after / step - (after - count) / step;
        if (steps > 0) {
            free.release(steps * step);
        }
    }

    /** Waits until all are answered. */
    void awaitAll() {
        while (answered.get() < sent) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }
}
