package io.pythia.benchmarks;

import java.util.concurrent.CountDownLatch;

/** Counts what a consumer has handled, from any thread, and measures from the end of the warm-up to the last message. */
final class AzureProgress {
    private final CountDownLatch done = new CountDownLatch(1);
    private final int messages;
    private final int warmUp;
    private long sum;
    private int seen;
    private Measurement measurement = new Measurement();

    AzureProgress(int messages, int warmUp) {
        this.messages = messages;
        this.warmUp = warmUp;
    }

    synchronized void seen(byte[] body) {
        sum += body[0];
        if (++seen == warmUp) {
            measurement = new Measurement();
        }
        if (seen == messages) {
            measurement.report(messages - warmUp);
            System.err.println("checksum " + sum);
            done.countDown();
        }
    }

    void await() throws InterruptedException {
        done.await();
    }
}
