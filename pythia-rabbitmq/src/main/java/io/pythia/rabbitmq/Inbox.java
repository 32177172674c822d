package io.pythia.rabbitmq;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Deliveries on their way from the client's thread to the engine; the prefetch count bounds it. Thread-safe.
 *
 * <p>As an executor it lets the thread that takes messages do the client's work with them, many at once.
 */
final class Inbox implements Executor {
    private final Deque<RabbitMQMessage> messages = new ArrayDeque<>();
    private final Deque<Runnable> work = new ArrayDeque<>();
    /** How many tasks are being done by {@link #work}. */
    private int atWork;

    private boolean taking;
    private boolean wokenUp;
    private boolean closed;
    private @Nullable BrokerException failure;

    /** Leaves the task to the thread that takes messages, or, if none will any more, runs it. */
    @Override
    public void execute(Runnable task) {
        synchronized (this) {
            if (!closed) {
                work.add(task);
                notifyTaker();
                return;
            }
        }
        task.run();
    }

    synchronized void put(RabbitMQMessage message) {
        messages.add(message);
        notifyTaker();
    }

    private void notifyTaker() {
        if (taking) {
            notifyAll();
        }
    }

    /** Takes up to {@code max} messages, waiting for the first. */
    List<RabbitMQMessage> take(int max, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        for (Runnable task = nextTask(deadline); task != null; task = nextTask(deadline)) {
            task.run();
        }
        return takeNow(max);
    }

    /** Waits for messages. Returns a task that may bring some, or null when there are any or none will come. */
    private synchronized @Nullable Runnable nextTask(long deadline) throws InterruptedException {
        taking = true;
        try {
            while (messages.isEmpty() && failure == null && !wokenUp) {
                Runnable task = work.poll();
                long left = deadline - System.nanoTime();
                if (task != null || left <= 0) {
                    return task;
                }
                wait(left / 1_000_000, (int) (left % 1_000_000));
            }
            return null;
        } finally {
            taking = false;
        }
    }

    private synchronized List<RabbitMQMessage> takeNow(int max) {
        wokenUp = false;
        if (failure != null) {
            throw failure;
        }
        int size = Math.min(max, messages.size());
        List<RabbitMQMessage> batch = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            batch.add(Objects.requireNonNull(messages.poll()));
        }
        return batch;
    }

    /** Takes all that was not given out, also what another thread is bringing just now. */
    List<RabbitMQMessage> clear() throws InterruptedException {
        while (true) {
            work();
            synchronized (this) {
                if (work.isEmpty() && atWork == 0) {
                    List<RabbitMQMessage> all = new ArrayList<>(messages);
                    messages.clear();
                    return all;
                }
                if (work.isEmpty()) {
                    wait();
                }
            }
        }
    }

    /** Does the client's work that waits for whoever takes messages. Any thread. */
    void work() {
        for (Runnable task = poll(); task != null; task = poll()) {
            try {
                task.run();
            } finally {
                done();
            }
        }
    }

    private synchronized @Nullable Runnable poll() {
        Runnable task = work.poll();
        atWork += task == null ? 0 : 1;
        return task;
    }

    private synchronized void done() {
        atWork--;
        notifyAll();
    }

    synchronized void wakeUp() {
        wokenUp = true;
        notifyAll();
    }

    /** The session is over, for the first reason that was given. */
    synchronized void fail(BrokerException cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }

    /** Nobody will take messages any more: the client's work is not left undone. */
    void close() {
        synchronized (this) {
            closed = true;
        }
        work();
    }
}
