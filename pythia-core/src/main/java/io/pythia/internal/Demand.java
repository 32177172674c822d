package io.pythia.internal;

import java.util.concurrent.atomic.AtomicLong;

/** How many more messages the subscriber has requested; {@link Long#MAX_VALUE} means no end (rule 3.17). */
final class Demand {
    private final AtomicLong requested = new AtomicLong();

    void add(long n) {
        requested.accumulateAndGet(n, (have, more) -> have + more < 0 ? Long.MAX_VALUE : have + more);
    }

    long get() {
        return requested.get();
    }

    /** Takes one; only the receiving thread does. */
    void take() {
        if (requested.get() != Long.MAX_VALUE) {
            requested.decrementAndGet();
        }
    }
}
