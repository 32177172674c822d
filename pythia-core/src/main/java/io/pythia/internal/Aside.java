package io.pythia.internal;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Calls of the application that settling makes: a listener is told, a dead letter is sent. They are made one after another, on a thread of
 * their own that lives while there are any: they may wait for what only the settling thread can do. Thread-safe.
 */
final class Aside implements Runnable {
    private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean running = new AtomicBoolean();
    private final String owner;
    private final Consumer<Throwable> onError;

    Aside(String owner, Consumer<Throwable> onError) {
        this.owner = owner;
        this.onError = onError;
    }

    /** Makes a call when those before it are over. Any thread; never blocks. */
    void call(Runnable call) {
        calls.add(call);
        if (running.compareAndSet(false, true)) {
            Threads.create(owner, "events", this).start();
        }
    }

    /** Returns whether no call is under way or waits. */
    boolean isIdle() {
        return calls.isEmpty() && !running.get();
    }

    @Override
    public void run() {
        do {
            for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
                try {
                    call.run();
                } catch (RuntimeException | Error e) {
                    onError.accept(e);
                }
            }
            running.set(false);
        } while (!calls.isEmpty() && running.compareAndSet(false, true));
    }
}
