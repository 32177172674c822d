package io.pythia.internal;

import java.time.Duration;

/**
 * The thread that looks after the sending thread while a client holds that up. A client library may block for as long as it likes (a full
 * buffer, a broker that reads nothing): messages then still end by their time limit, a dead connection is still found and closed, and so
 * is the producer. Sleeps while nothing is sent.
 */
final class SendWatch implements Runnable {
    private static final long PATIENCE = Duration.ofMillis(250).toNanos();
    private static final long IDLE_AFTER = Duration.ofSeconds(5).toNanos();
    private static final long LONG_WAIT = Duration.ofDays(1).toNanos();

    private final SendLoop loop;
    private final Thread thread;
    private final Gate gate = new Gate();
    /** Whether it waits for a call of the driver, and looks at nothing until then. */
    volatile boolean sleeping;

    SendWatch(SendLoop loop, String name) {
        this.loop = loop;
        this.thread = Threads.createWaiting(name, "send-watch", this);
    }

    void start() {
        thread.start();
    }

    /** A call of the driver begins. Costs a volatile read, unless nothing was sent for a while. */
    void callBegins() {
        if (sleeping) {
            gate.signal();
        }
    }

    void wake() {
        gate.signal();
    }

    @Override
    public void run() {
        long busyAt = System.nanoTime();
        for (gate.clear(); !loop.isOver(); gate.clear()) {
            long now = System.nanoTime();
            long lasts = loop.callLasts(now);
            if (lasts > 0) {
                busyAt = now;
            }
            if (lasts > PATIENCE) {
                loop.driverIsBlocked(now);
            }
            boolean idle = now - busyAt > IDLE_AFTER;
            sleeping = idle;
            gate.await(idle ? LONG_WAIT : PATIENCE, () -> idle && loop.callLasts(now) > 0);
            sleeping = false;
        }
    }
}
