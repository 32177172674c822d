package io.pythia.spi;

import io.pythia.retry.RetryConfig;
import java.time.Duration;

/** Checks that the option records share. */
final class Options {
    /** Never give up, and be back within a few seconds of the broker. */
    static final RetryConfig RECONNECT =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(100), Duration.ofSeconds(2), true, true);

    private Options() {}

    static void positive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be more than zero, but is " + value);
        }
    }

    static void notNegative(String name, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must not be negative, but is " + value);
        }
    }

    static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
        }
    }
}
