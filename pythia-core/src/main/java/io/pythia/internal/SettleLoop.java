package io.pythia.internal;

import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The settling thread: takes turns at the pump, extends leases, ends attempts to connect that take too long, watches the broker while
 * nothing flows, and closes the connection. The application never blocks it.
 */
final class SettleLoop<R> implements Runnable {
    /** Soon enough for an outcome whose owner then blocks the receiving thread. */
    private static final long SHORT_WAIT = Duration.ofMillis(5).toNanos();

    private static final long LONG_WAIT = Duration.ofSeconds(1).toNanos();
    private static final long SHORT_PARK = Duration.ofMillis(1).toNanos();
    private static final long BUSY_FOR = Duration.ofMillis(100).toNanos();

    private final ReceiveEngine<R> engine;
    private final Thread thread;
    private final Gate gate = new Gate();
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile boolean stopRequested;
    private volatile long stopAt;
    private volatile boolean waitsLong;

    SettleLoop(ReceiveEngine<R> engine) {
        this.engine = engine;
        this.thread = Threads.createWaiting(engine.name(), "settle", this);
    }

    void start() {
        thread.start();
    }

    void wake() {
        gate.signal();
    }

    void wakeIfWaiting() {
        gate.signalIfWaiting();
    }

    /** Messages were received: no more long waits for a while. */
    void newWork() {
        if (waitsLong) {
            gate.signal();
        }
    }

    /** Drains within the close timeout, then closes. */
    void stop() {
        stopRequested = true;
        finish(ReceiveEngine.toNanos(engine.options.closeTimeout()));
    }

    /** Returns a future of its end. */
    CompletableFuture<Void> closed() {
        return closed.copy();
    }

    /** The source is at its end: closes when all is settled, whenever that is. */
    void finishWhenSettled() {
        finish(Long.MAX_VALUE / 4);
    }

    private synchronized void finish(long within) {
        long deadline = System.nanoTime() + within;
        if (!stopping.get() || deadline - stopAt < 0) {
            stopAt = deadline;
        }
        stopping.set(true);
        if (!engine.receiver.isStarted()) {
            closed.complete(null);
        }
        engine.receiver.wake();
        gate.signal();
    }

    boolean isStopping() {
        return stopping.get();
    }

    boolean isStopRequested() {
        return stopRequested;
    }

    boolean isClosed() {
        return closed.isDone();
    }

    @Override
    public void run() {
        try {
            while (!step()) {
                // until closed
            }
        } catch (Throwable t) {
            engine.events.gaveUp(t);
            engine.fail(t);
        } finally {
            close();
        }
    }

    /** Returns whether it is time to close. */
    private boolean step() {
        gate.clear();
        long wait = engine.pump.run(LONG_WAIT);
        long now = System.nanoTime();
        wait = Math.min(wait, renewLeases(now));
        engine.health.watch(now);
        if (stopping.get()) {
            if (isDrained() || now - stopAt >= 0) {
                return true;
            }
            wait = Math.min(wait, Math.min(SHORT_WAIT, stopAt - now));
        }
        boolean busy = engine.receiver.isDelivering() || now - engine.receiver.lastReceiveAt < BUSY_FOR;
        waitsLong = !busy;
        gate.await(
                Math.min(wait, busy ? SHORT_WAIT : LONG_WAIT),
                () -> engine.pump.hasWork() || (!busy && engine.receiver.isDelivering()));
        waitsLong = false;
        return false;
    }

    private long renewLeases(long now) {
        ReceiveDriver<R> driver = engine.driver();
        if (driver == null || !engine.capabilities.leases()) {
            return LONG_WAIT;
        }
        long lease = ReceiveEngine.toNanos(driver.lease());
        long maxAge = ReceiveEngine.toNanos(engine.options.maxLease());
        for (Delivery<R> due : engine.inFlight.dueForRenewal(now, lease / 3, maxAge)) {
            engine.pump.add(new Extension<>(due, due.atLeast(driver.lease(), now), true));
        }
        return lease == 0 ? LONG_WAIT : lease / 6;
    }

    private boolean isDrained() {
        return engine.receiver.isIntakeStopped()
                && engine.inFlight.count() <= engine.redeliveries.size()
                && engine.pump.isDone()
                && engine.hasToldAll();
    }

    private long timeLeft() {
        long most = ReceiveEngine.toNanos(engine.options.closeTimeout());
        return Math.max(0, Math.min(most, stopAt - System.nanoTime()));
    }

    /** Who sees the end has heard all before, unless a listener takes longer than there is time. */
    private void awaitTold() {
        for (long until = System.nanoTime() + timeLeft(); !engine.hasToldAll() && System.nanoTime() - until < 0; ) {
            LockSupport.parkNanos(SHORT_PARK);
        }
    }

    private void close() {
        Session<R> session = engine.receiver.abandonSession();
        if (session != null) {
            Closer.close(engine.events, session.driver, timeLeft());
        }
        engine.pump.driverClosed();
        engine.pump.end();
        awaitTold();
        closed.complete(null);
        engine.receiver.wake();
    }
}
