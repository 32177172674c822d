package io.pythia;

import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Calls a subscription from one thread at a time (rule 2.7), whichever threads ask: who comes while another one is at it leaves its wish
 * to that one, so nobody waits and no lock is held. After {@code cancel} nothing is requested any more.
 */
final class SerialSubscription implements Flow.Subscription {
    private final Flow.Subscription target;
    private final AtomicInteger wishes = new AtomicInteger();
    private final AtomicLong requested = new AtomicLong();
    private volatile boolean cancelled;

    // Only the thread that is at it:
    private boolean told;

    SerialSubscription(Flow.Subscription target) {
        this.target = target;
    }

    @Override
    public void request(long n) {
        requested.addAndGet(n);
        pass();
    }

    @Override
    public void cancel() {
        cancelled = true;
        pass();
    }

    private void pass() {
        if (wishes.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        do {
            passOnce();
            seen = wishes.addAndGet(-seen);
        } while (seen != 0);
    }

    private void passOnce() {
        long n = requested.getAndSet(0);
        if (!cancelled && n > 0) {
            target.request(n);
        }
        if (cancelled && !told) {
            told = true;
            target.cancel();
        }
    }
}
