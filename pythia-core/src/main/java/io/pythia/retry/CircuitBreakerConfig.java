package io.pythia.retry;

import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.Objects;

/**
 * When to stop calling what fails, and for how long.
 *
 * @param enabled whether the breaker does anything
 * @param threshold after how many failures in a row it opens
 * @param timeout how long it stays open before it lets one call through to see
 */
public record CircuitBreakerConfig(
        @Setting("Whether the breaker does anything") boolean enabled,

        @Setting("After how many failures in a row it opens")
        int threshold,

        @Setting("How long it stays open before it lets one call through")
        Duration timeout) {

    /** Checks each value. */
    public CircuitBreakerConfig {
        Objects.requireNonNull(timeout, "timeout");
        if (threshold < 1) {
            throw new IllegalArgumentException("threshold must be at least 1, but is " + threshold);
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be more than zero, but is " + timeout);
        }
    }

    /** Returns a breaker that opens after 5 failures, for 60 seconds: the seed's defaults. */
    public static CircuitBreakerConfig defaults() {
        return new CircuitBreakerConfig(true, 5, Duration.ofSeconds(60));
    }

    /** Returns a breaker that never opens. */
    public static CircuitBreakerConfig disabled() {
        return new CircuitBreakerConfig(false, 5, Duration.ofSeconds(60));
    }
}
