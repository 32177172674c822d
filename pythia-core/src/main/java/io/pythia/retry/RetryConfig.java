package io.pythia.retry;

import io.pythia.spi.Setting;
import java.time.Duration;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * How often something is tried again, and with what pauses.
 *
 * @param maxRetries how often, beyond the first time; 0 for never, {@link #FOREVER} for no limit
 * @param initialDelay the pause before the first retry
 * @param maxDelay the longest pause
 * @param exponentialBackoff whether each pause is twice as long as the one before; otherwise all are {@code initialDelay}
 * @param jitter whether a pause is drawn evenly from zero to its length ("full jitter"), so that many clients don't come back at once
 */
public record RetryConfig(
        @Setting("How often, beyond the first time") int maxRetries,
        @Setting("The pause before the first retry") Duration initialDelay,
        @Setting("The longest pause") Duration maxDelay,

        @Setting("Whether each pause is twice as long as the one before")
        boolean exponentialBackoff,

        @Setting("Whether a pause is drawn evenly from zero to its length")
        boolean jitter) {

    /** As many retries as it takes. */
    public static final int FOREVER = Integer.MAX_VALUE;

    /** Checks each value. */
    public RetryConfig {
        Objects.requireNonNull(initialDelay, "initialDelay");
        Objects.requireNonNull(maxDelay, "maxDelay");
        if (maxRetries < 0) {
            throw new IllegalArgumentException("maxRetries must not be negative, but is " + maxRetries);
        }
        if (initialDelay.isNegative()) {
            throw new IllegalArgumentException("initialDelay must not be negative, but is " + initialDelay);
        }
        if (maxDelay.compareTo(initialDelay) < 0) {
            throw new IllegalArgumentException("maxDelay must not be shorter than initialDelay, but is " + maxDelay);
        }
    }

    /** Returns 3 retries with pauses of up to 1, 2 and 4 seconds: the seed's defaults. */
    public static RetryConfig defaults() {
        return new RetryConfig(3, Duration.ofSeconds(1), Duration.ofSeconds(60), true, true);
    }

    /** Returns no retries. */
    public static RetryConfig none() {
        return defaults().withMaxRetries(0);
    }

    /** Returns the default pauses, and no limit on the retries. */
    public static RetryConfig forever() {
        return defaults().withMaxRetries(FOREVER);
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return new Builder(defaults());
    }

    /** Returns a copy with another number of retries. */
    public RetryConfig withMaxRetries(int retries) {
        return new RetryConfig(retries, initialDelay, maxDelay, exponentialBackoff, jitter);
    }

    /**
     * Returns the pause before a retry.
     *
     * @param retry counted from 1
     * @param random where the jitter comes from
     */
    public Duration delay(int retry, RandomGenerator random) {
        long longest = nanos(maxDelay);
        long pause = nanos(initialDelay);
        if (exponentialBackoff) {
            for (int i = 1; i < retry && pause > 0 && pause < longest; i++) {
                pause = pause > longest / 2 ? longest : pause * 2;
            }
        }
        pause = Math.min(pause, longest);
        return Duration.ofNanos(jitter && pause > 0 ? random.nextLong(pause + 1) : pause);
    }

    private static long nanos(Duration duration) {
        try {
            return Math.min(duration.toNanos(), Long.MAX_VALUE / 4);
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 4;
        }
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private int maxRetries;
        private Duration initialDelay;
        private Duration maxDelay;
        private boolean exponentialBackoff;
        private boolean jitter;

        private Builder(RetryConfig from) {
            maxRetries = from.maxRetries;
            initialDelay = from.initialDelay;
            maxDelay = from.maxDelay;
            exponentialBackoff = from.exponentialBackoff;
            jitter = from.jitter;
        }

        /** Sets how often, beyond the first time. Default: 3. */
        public Builder maxRetries(int value) {
            maxRetries = value;
            return this;
        }

        /** Sets the pause before the first retry. Default: 1 s. */
        public Builder initialDelay(Duration value) {
            initialDelay = value;
            return this;
        }

        /** Sets the longest pause. Default: 60 s. */
        public Builder maxDelay(Duration value) {
            maxDelay = value;
            return this;
        }

        /** Sets whether each pause is twice as long as the one before. Default: true. */
        public Builder exponentialBackoff(boolean value) {
            exponentialBackoff = value;
            return this;
        }

        /** Sets whether pauses are drawn evenly from zero to their length. Default: true. */
        public Builder jitter(boolean value) {
            jitter = value;
            return this;
        }

        /** Returns the configuration. */
        public RetryConfig build() {
            return new RetryConfig(maxRetries, initialDelay, maxDelay, exponentialBackoff, jitter);
        }
    }
}
