package io.pythia.cloud.azure;

import java.time.Duration;

/** How long to pause while a queue is empty: each time twice as long, up to a limit. Confined to the receiving thread. */
final class IdlePolling {
    private final long first;
    private final long longest;
    private long next;

    IdlePolling(Duration first, Duration longest) {
        this.first = first.toNanos();
        this.longest = Math.max(this.first, longest.toNanos());
        this.next = this.first;
    }

    /** Messages have come: the next pause is the shortest again. */
    void foundSome() {
        next = first;
    }

    /** Returns the next pause, in nanoseconds. */
    long pause() {
        long pause = next;
        next = Math.min(longest, next * 2);
        return pause;
    }
}
