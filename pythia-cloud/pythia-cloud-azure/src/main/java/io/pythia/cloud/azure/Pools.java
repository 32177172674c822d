package io.pythia.cloud.azure;

import io.pythia.internal.Threads;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes pools of daemon threads that are named after a consumer or producer and end when they are idle. */
final class Pools {
    private static final int LEAST_THREADS = 4;
    private static final int IDLE_SECONDS = 3;

    private Pools() {}

    /** Returns one for what never waits: so many threads as there are processors, at least four. */
    static Executor busy(String owner, String role) {
        int most = Math.max(LEAST_THREADS, Runtime.getRuntime().availableProcessors());
        return pool(owner, role, most, most, new LinkedBlockingQueue<>());
    }

    /** Returns one for what may wait: with a thread for each task that the others have no time for. */
    static Executor patient(String owner, String role) {
        return pool(owner, role, 0, Integer.MAX_VALUE, new SynchronousQueue<>());
    }

    private static Executor pool(String owner, String role, int least, int most, BlockingQueue<Runnable> queue) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                least,
                most,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                queue,
                task -> Threads.create(owner, role + "-" + number.incrementAndGet(), task));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
