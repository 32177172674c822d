package io.pythia.internal;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Calls of the application that settling makes: a listener is told, a dead letter is sent. They are made one after another, on a thread of
 * their own that lives while there are any: they may wait for what only the settling thread can do. Thread-safe.
 */
final class Aside implements Runnable {
    private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicBoolean running = new AtomicBoolean();
    private final String owner;
    private final String threadName;
    private final int limit;
    private final Consumer<Throwable> onError;

    /**
     * Creates one without calls.
     *
     * @param limit how many calls may be under way or wait
     */
    Aside(String owner, String threadName, int limit, Consumer<Throwable> onError) {
        this.owner = owner;
        this.threadName = threadName;
        this.limit = limit;
        this.onError = onError;
    }

    /** Makes a call when those before it are over; returns false, and makes none, if too many wait. Any thread; never blocks. */
    boolean call(Runnable call) {
        if (open.incrementAndGet() > limit) {
            open.decrementAndGet();
            return false;
        }
        calls.add(call);
        if (running.compareAndSet(false, true)) {
            Threads.create(owner, threadName, this).start();
        }
        return true;
    }

    /** Returns whether no call is under way or waits. */
    boolean isIdle() {
        return open.get() == 0;
    }

    @Override
    public void run() {
        do {
            for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
                try {
                    call.run();
                } catch (RuntimeException | Error e) {
                    onError.accept(e);
                } finally {
                    open.decrementAndGet();
                }
            }
            running.set(false);
        } while (!calls.isEmpty() && running.compareAndSet(false, true));
    }
}
