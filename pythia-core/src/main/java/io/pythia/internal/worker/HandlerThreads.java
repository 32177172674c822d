package io.pythia.internal.worker;

import io.pythia.internal.Threads;
import java.lang.reflect.Method;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes the threads on which handlers run: virtual ones where the JDK has them (21 and later), else a bounded pool. */
final class HandlerThreads {
    private static final long KEEP_ALIVE_SECONDS = 10;

    private HandlerThreads() {}

    static ExecutorService create(String owner, int concurrency) {
        return Runtime.version().feature() >= 21 ? virtual(owner) : pool(owner, concurrency);
    }

    /** By reflection, since this is compiled for Java 17. */
    private static ExecutorService virtual(String owner) {
        try {
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Class<?> ofVirtual = Class.forName("java.lang.Thread$Builder$OfVirtual");
            Object named = ofVirtual
                    .getMethod("name", String.class, long.class)
                    .invoke(builder, Threads.name(owner, "worker-"), 1L);
            Class<?> anyBuilder = Class.forName("java.lang.Thread$Builder");
            ThreadFactory factory =
                    (ThreadFactory) anyBuilder.getMethod("factory").invoke(named);
            Method create = Executors.class.getMethod("newThreadPerTaskExecutor", ThreadFactory.class);
            return (ExecutorService) create.invoke(null, factory);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK says that it has virtual threads, but they can't be made", e);
        }
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
