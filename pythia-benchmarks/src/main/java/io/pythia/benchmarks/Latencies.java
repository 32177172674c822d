package io.pythia.benchmarks;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Sends at a steady rate, each body with its time, until enough of them came back. */
final class Latencies {
    /** Sends one body. */
    interface Send {
        void send(byte[] body) throws Exception;
    }

    private static final int RATE = 1_000;

    private final int bodyBytes;
    private final long[] nanos;
    private final AtomicInteger count;
    private final CountDownLatch done = new CountDownLatch(1);

    Latencies(int messages, int warmUp, int bodyBytes) {
        this.nanos = new long[messages];
        this.count = new AtomicInteger(-warmUp);
        this.bodyBytes = bodyBytes;
    }

    boolean isDone() {
        return done.getCount() == 0;
    }

    void add(byte[] body) {
        int index = count.getAndIncrement();
        if (index >= 0 && index < nanos.length) {
            nanos[index] = System.nanoTime() - ByteBuffer.wrap(body).getLong();
        }
        if (index == nanos.length - 1) {
            done.countDown();
        }
    }

    /** Returns when all have come back, and prints a RESULT line. */
    void run(Send send) throws Exception {
        long next = System.nanoTime();
        while (!done.await(Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS)) {
            byte[] body = new byte[bodyBytes];
            ByteBuffer.wrap(body).putLong(System.nanoTime());
            send.send(body);
            next += TimeUnit.SECONDS.toNanos(1) / RATE;
        }
        Arrays.sort(nanos);
        System.out.printf(
                "RESULT %f %f %f %d%n",
                nanos[nanos.length / 2] / 1e3,
                nanos[(int) (nanos.length * 0.99)] / 1e3,
                nanos[nanos.length - 1] / 1e3,
                Measurement.threads());
    }
}
