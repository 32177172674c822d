package io.pythia.cli;

import java.time.Duration;

/** Says when nothing has come for too long. */
final class Idle {
    private final long limit;
    private long since = System.nanoTime();

    /** Creates one; zero means that it never does. */
    Idle(Duration limit) {
        this.limit = limit.toNanos();
    }

    void reset() {
        since = System.nanoTime();
    }

    boolean isOver() {
        return limit > 0 && System.nanoTime() - since >= limit;
    }
}
