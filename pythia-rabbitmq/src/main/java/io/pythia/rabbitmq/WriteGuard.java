package io.pythia.rabbitmq;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Ends writes that never return: a broker that is short of memory, or a network that swallows everything, stops reading, and the client
 * then waits without limit, even when it is asked to close. Only closing the socket helps. A thread looks four times a second whether there was
 * progress. Thread-safe.
 */
final class WriteGuard implements AutoCloseable {
    private static final long TICK_MILLIS = 250;

    private final Duration limit;
    private final Duration limitWhenBlocked;
    private final Runnable whenStuck;
    private final Thread thread;
    private final AtomicLong progress = new AtomicLong();
    private volatile boolean writing;
    private volatile boolean blocked;
    private volatile boolean closed;

    /**
     * Creates one; {@link #start} starts its thread.
     *
     * @param limit how long a single write may take
     * @param limitWhenBlocked the same when the broker has said that it does not read
     * @param whenStuck called on the guard's thread, perhaps several times
     */
    WriteGuard(String name, Duration limit, Duration limitWhenBlocked, Runnable whenStuck) {
        this.limit = limit;
        this.limitWhenBlocked = limitWhenBlocked;
        this.whenStuck = whenStuck;
        this.thread = new Thread(this::watch, "pythia-" + name + "-guard");
        this.thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** A batch of writes begins, on one thread at a time. */
    void begin() {
        progress.lazySet(progress.get() + 1);
        writing = true;
    }

    /** One of them is done. */
    void wrote() {
        progress.lazySet(progress.get() + 1);
    }

    /** The batch is done. */
    void end() {
        writing = false;
    }

    void blocked(boolean now) {
        blocked = now;
    }

    private void watch() {
        long seen = -1;
        long since = System.nanoTime();
        while (!closed) {
            long now = System.nanoTime();
            long current = progress.get();
            if (!writing || current != seen) {
                seen = current;
                since = now;
            } else if (now - since > (blocked ? limitWhenBlocked : limit).toNanos()) {
                whenStuck.run();
                since = now;
            }
            try {
                Thread.sleep(TICK_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
