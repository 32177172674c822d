package io.pythia.internal.worker;

import java.util.Collection;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives jobs to threads, first come, first served, never more at once than there are slots. A runner that has a slot takes one job after
 * another: under load no thread is started or woken for a message. Thread-safe, without locks.
 */
final class Dispatcher {
    private final Queue<Job> ready = new ConcurrentLinkedQueue<>();
    private final AtomicInteger taken = new AtomicInteger();
    private final Set<Runner> runners = ConcurrentHashMap.newKeySet();
    private final Executor executor;
    private final Consumer<Throwable> onFailure;
    private volatile int slots;

    Dispatcher(Executor executor, int slots, Consumer<Throwable> onFailure) {
        this.executor = executor;
        this.slots = slots;
        this.onFailure = onFailure;
    }

    /** Runs a job as soon as there is a slot. */
    void submit(Job job) {
        ready.add(job);
        startRunner();
    }

    /** Changes how many jobs may run at once; those that run go on. */
    void setSlots(int wanted) {
        slots = wanted;
        for (int i = Math.min(wanted, ready.size()); i > 0; i--) {
            startRunner();
        }
    }

    /** Gives back the slot of a job that kept it. */
    void release() {
        taken.decrementAndGet();
        startRunner();
    }

    int running() {
        return taken.get();
    }

    Collection<Runner> runners() {
        return runners;
    }

    private void startRunner() {
        if (ready.isEmpty() || !tryTake()) {
            return;
        }
        try {
            executor.execute(new Runner(this));
        } catch (RejectedExecutionException e) {
            onFailure.accept(e);
            // The worker stops now, and what waits is only to be given back: that needs no thread of the application.
            new Runner(this).run();
        }
    }

    private boolean tryTake() {
        int now = taken.get();
        while (now < slots) {
            if (taken.compareAndSet(now, now + 1)) {
                return true;
            }
            now = taken.get();
        }
        return false;
    }

    // A runner, which has a slot.

    void started(Runner runner) {
        runners.add(runner);
    }

    void failed(Throwable cause) {
        taken.decrementAndGet();
        onFailure.accept(cause);
    }

    void ended(Runner runner) {
        runners.remove(runner);
    }

    /** Returns the next job, or null: the slot is then gone. */
    @Nullable
    Job next() {
        while (true) {
            Job job = taken.get() <= slots ? ready.poll() : null;
            if (job != null) {
                return job;
            }
            taken.decrementAndGet();
            // Who has added a job before the slot was free has found none.
            if (ready.isEmpty() || !tryTake()) {
                return null;
            }
        }
    }
}
