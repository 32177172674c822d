package io.pythia.cloud.aws;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Packs entries into requests of up to ten, and makes the requests on threads of its own, since each blocks one. A full request goes at
 * once. One that is not full goes when nothing else can be expected to fill it, or when its first entry has waited for so long.
 * Thread-safe.
 */
final class Requests<T> implements AutoCloseable {
    private static final int MAX_ENTRIES = 10;
    private static final long LONGEST_PUSH = Duration.ofSeconds(1).toNanos();

    /**
     * How requests are made.
     *
     * @param threadName the name of the threads
     * @param parallel how many may be under way
     * @param maxBytes the most that one request may carry
     * @param bytes the size of one entry
     * @param pause how long an entry may wait for others
     * @param last whether no more entries can come before these are answered; null: when no request is under way
     */
    record Rules<T>(
            String threadName,
            int parallel,
            long maxBytes,
            ToLongFunction<T> bytes,
            Duration pause,
            @Nullable BooleanSupplier last) {}

    private record Waiting<T>(T entry, long since) {}

    private final Rules<T> rules;
    private final Consumer<List<T>> request;
    private final Deque<Waiting<T>> waiting = new ArrayDeque<>();
    private final List<Thread> threads = new ArrayList<>();
    private int underWay;
    private int idle;
    private boolean closed;

    /** Creates them; {@code request} makes one, and must not throw. */
    Requests(Rules<T> rules, Consumer<List<T>> request) {
        this.rules = rules;
        this.request = request;
    }

    /** Adds entries. If very many are waiting it blocks for up to a second. */
    synchronized void add(Collection<T> entries) throws InterruptedException {
        long deadline = System.nanoTime() + LONGEST_PUSH;
        long now = System.nanoTime();
        entries.forEach(entry -> waiting.add(new Waiting<>(entry, now)));
        int useful = (waiting.size() + MAX_ENTRIES - 1) / MAX_ENTRIES - idle;
        for (int i = 0; i < useful && threads.size() < rules.parallel && !closed; i++) {
            start();
        }
        notifyAll();
        int enough = 2 * MAX_ENTRIES * rules.parallel;
        for (long left = LONGEST_PUSH;
                waiting.size() > enough && left > 0 && !closed;
                left = deadline - System.nanoTime()) {
            wait(Math.max(1, left / 1_000_000));
        }
    }

    private void start() {
        Thread thread = new Thread(this::run, rules.threadName);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
    }

    private void run() {
        try {
            for (List<T> next = next(); next != null; next = next()) {
                try {
                    request.accept(next);
                } finally {
                    done();
                }
            }
        } finally {
            ended();
        }
    }

    private synchronized void done() {
        underWay--;
        notifyAll();
    }

    /** A thread that an error has ended leaves its place to another. */
    private synchronized void ended() {
        threads.remove(Thread.currentThread());
        if (!closed && !waiting.isEmpty()) {
            start();
        }
    }

    /** Returns the next request, null if there will be none. The client interrupts slow requests, perhaps too late: that ends nothing. */
    private @Nullable List<T> next() {
        while (true) {
            try {
                return take();
            } catch (InterruptedException e) {
                // if it is closed, take() says so
            }
        }
    }

    private synchronized @Nullable List<T> take() throws InterruptedException {
        idle++;
        try {
            while (true) {
                long now = System.nanoTime();
                long pause = waiting.isEmpty() ? 0 : pause(now);
                if (!waiting.isEmpty() && pause <= 0) {
                    return pack();
                }
                if (closed) {
                    return null;
                }
                wait(pause <= 0 ? 0 : pause / 1_000_000 + 1);
            }
        } finally {
            idle--;
        }
    }

    /** Returns for how long what waits may still be kept, in nanoseconds; zero or less if it must go. */
    private long pause(long now) {
        BooleanSupplier last = rules.last;
        boolean isLast = last == null ? underWay == 0 : last.getAsBoolean();
        if (closed || isLast || waiting.size() >= MAX_ENTRIES || isFull()) {
            return 0;
        }
        return waiting.element().since + rules.pause.toNanos() - now;
    }

    private boolean isFull() {
        long bytes = 0;
        for (Waiting<T> each : waiting) {
            bytes += rules.bytes.applyAsLong(each.entry);
        }
        return bytes >= rules.maxBytes;
    }

    private List<T> pack() {
        List<T> entries = new ArrayList<>(MAX_ENTRIES);
        long bytes = 0;
        while (entries.size() < MAX_ENTRIES && !waiting.isEmpty()) {
            T next = waiting.element().entry;
            bytes += rules.bytes.applyAsLong(next);
            if (bytes > rules.maxBytes && !entries.isEmpty()) {
                break;
            }
            entries.add(next);
            waiting.remove();
        }
        underWay++;
        notifyAll();
        return entries;
    }

    /** Waits for so many nanoseconds, in a request; returns false if it was closed meanwhile. */
    synchronized boolean sleep(long nanos) {
        long deadline = System.nanoTime() + nanos;
        for (long left = nanos; left > 0 && !closed; left = deadline - System.nanoTime()) {
            try {
                wait(left / 1_000_000 + 1);
            } catch (InterruptedException e) {
                // as in next()
            }
        }
        return !closed;
    }

    /** Looks again at whether more entries can come. */
    synchronized void look() {
        notifyAll();
    }

    synchronized int waiting() {
        return waiting.size();
    }

    /** Makes what is left, as far as there is time, then gives up: the entries that were not sent stay without an answer. */
    boolean close(Duration limit) throws InterruptedException {
        List<Thread> all;
        synchronized (this) {
            closed = true;
            notifyAll();
            all = List.copyOf(threads);
        }
        long deadline = System.nanoTime() + limit.toNanos();
        for (Thread thread : all) {
            thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        }
        close();
        return all.stream().noneMatch(Thread::isAlive);
    }

    /** Gives up at once. */
    @Override
    public synchronized void close() {
        closed = true;
        waiting.clear();
        threads.forEach(Thread::interrupt);
        notifyAll();
    }
}
