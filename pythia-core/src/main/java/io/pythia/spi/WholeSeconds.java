package io.pythia.spi;

import java.time.Duration;

/** Delays and leases for brokers that count in seconds. */
public final class WholeSeconds {
    private static final long ALL_BUT_ONE_NANO = 999_999_999;

    private WholeSeconds() {}

    /** Returns a time in whole seconds, rounded up, so that nothing comes too early; at most {@code most}, which must be whole. */
    public static long of(Duration time, Duration most) {
        return time.compareTo(most) >= 0
                ? most.toSeconds()
                : time.plusNanos(ALL_BUT_ONE_NANO).toSeconds();
    }
}
