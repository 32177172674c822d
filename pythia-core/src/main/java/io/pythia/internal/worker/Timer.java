package io.pythia.internal.worker;

import io.pythia.internal.Gate;
import io.pythia.internal.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One thread that does small things later: they must not block. Thread-safe. */
final class Timer implements Runnable {
    private static final long FOREVER = Long.MAX_VALUE / 4;

    private record Entry(long dueAt, long sequence, Runnable action) {}

    private final PriorityQueue<Entry> queue = new PriorityQueue<>((a, b) -> {
        int byTime = Long.signum(a.dueAt - b.dueAt);
        return byTime != 0 ? byTime : Long.signum(a.sequence - b.sequence);
    });
    private final Gate gate = new Gate();
    private final Thread thread;
    private final Consumer<Throwable> onFailure;
    private long sequence;
    private boolean hurried;
    private volatile boolean closed;

    Timer(String owner, Consumer<Throwable> onFailure) {
        this.thread = Threads.create(owner, "worker-timer", this);
        this.onFailure = onFailure;
    }

    void start() {
        thread.start();
    }

    /** Does something after so long; at once after {@link #hurry}. */
    void after(long nanos, Runnable action) {
        synchronized (queue) {
            queue.add(new Entry(System.nanoTime() + (hurried ? 0 : nanos), sequence++, action));
        }
        gate.signal();
    }

    /** Does all that waits now, and what comes later at once. */
    void hurry() {
        synchronized (queue) {
            hurried = true;
            List<Entry> all = new ArrayList<>(queue);
            queue.clear();
            long now = System.nanoTime();
            all.forEach(each -> queue.add(new Entry(now, each.sequence, each.action)));
        }
        gate.signal();
    }

    void close() {
        closed = true;
        gate.signal();
    }

    @Override
    public void run() {
        for (gate.clear(); !closed; gate.clear()) {
            Entry due = poll(System.nanoTime());
            if (due == null) {
                gate.await(nanosToNext(), () -> false);
                continue;
            }
            try {
                due.action.run();
            } catch (Throwable t) {
                onFailure.accept(t);
            }
        }
    }

    private @Nullable Entry poll(long now) {
        synchronized (queue) {
            Entry head = queue.peek();
            return head != null && head.dueAt - now <= 0 ? queue.remove() : null;
        }
    }

    private long nanosToNext() {
        synchronized (queue) {
            Entry head = queue.peek();
            return head == null ? FOREVER : Math.max(0, head.dueAt - System.nanoTime());
        }
    }
}
