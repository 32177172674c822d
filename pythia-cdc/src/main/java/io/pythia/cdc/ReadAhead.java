package io.pythia.cdc;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads one page while the one before it is with the application: the driver blocks its caller for as long as the server works. What is read
 * is asked for once. Only the receiving thread, but for {@link #close}.
 *
 * @param <T> what is read
 */
final class ReadAhead<T> implements AutoCloseable {
    private static final Duration IDLE = Duration.ofSeconds(10);

    private final ExecutorService thread;
    private @Nullable FutureTask<T> begun;

    ReadAhead(String name) {
        ThreadPoolExecutor one = new ThreadPoolExecutor(
                1,
                1,
                IDLE.toMillis(),
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                work -> {
                    Thread thread = new Thread(work, "pythia-" + name + "-read");
                    thread.setDaemon(true);
                    return thread;
                },
                (task, pool) -> ((FutureTask<?>) task).cancel(false));
        one.allowCoreThreadTimeOut(true);
        this.thread = one;
    }

    /** Begins to read, unless something is being read, or waits to be taken. */
    void begin(Supplier<T> read) {
        if (begun == null) {
            FutureTask<T> task = new FutureTask<>(read::get);
            begun = task;
            thread.execute(task);
        }
    }

    /**
     * Returns what was begun to be read, or reads now.
     *
     * @throws BrokerException if reading failed, or this was closed
     */
    T take(Supplier<T> read) throws InterruptedException {
        FutureTask<T> task = begun;
        if (task == null) {
            return read.get();
        }
        begun = null;
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof BrokerException failure
                    ? failure
                    : new BrokerException("reading ahead failed", e.getCause());
        } catch (CancellationException e) {
            throw new BrokerException("disconnected", e);
        }
    }

    /** Any thread. What is being read ends with its connection; an interrupt would close the files of a database in this process. */
    @Override
    public void close() {
        thread.shutdown();
    }
}
