package io.pythia.internal.worker;

import io.pythia.internal.Threads;
import io.pythia.internal.VirtualThreads;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the threads on which handlers run: virtual ones where the JDK has them (21 and later), else a bounded pool. */
final class HandlerThreads {
    private static final long KEEP_ALIVE_SECONDS = 10;

    private HandlerThreads() {}

    static ExecutorService create(String owner, int concurrency) {
        return VirtualThreads.AVAILABLE
                ? VirtualThreads.executor(Threads.name(owner, "worker-"))
                : pool(owner, concurrency);
    }

    private static ExecutorService pool(String owner, int concurrency) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                concurrency,
                concurrency,
                KEEP_ALIVE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> Threads.create(owner, "worker-" + number.incrementAndGet(), task));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
