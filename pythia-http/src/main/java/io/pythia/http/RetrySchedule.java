package io.pythia.http;

import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** When a webhook is sent again to a URL that did not take it. Immutable. */
public final class RetrySchedule {
    private static final double JITTER = 0.1;

    private final @Nullable RetryConfig config;
    private final List<Duration> pauses;

    private RetrySchedule(@Nullable RetryConfig config, List<Duration> pauses) {
        this.config = config;
        this.pauses = List.copyOf(pauses);
    }

    /**
     * Returns the schedule of the Standard Webhooks specification: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, each give
     * or take a tenth, whatever the failure. What waits is in the memory of this process.
     */
    public static RetrySchedule standard() {
        return of(List.of(
                Duration.ofSeconds(5),
                Duration.ofMinutes(5),
                Duration.ofMinutes(30),
                Duration.ofHours(2),
                Duration.ofHours(5),
                Duration.ofHours(10),
                Duration.ofHours(14),
                Duration.ofHours(20),
                Duration.ofHours(24)));
    }

    /** Returns a schedule of pauses, each give or take a tenth, whatever the failure. */
    public static RetrySchedule of(List<Duration> pauses) {
        for (Duration pause : pauses) {
            if (pause.isNegative()) {
                throw new IllegalArgumentException("a pause must not be negative, but is " + pause);
            }
        }
        return new RetrySchedule(null, pauses);
    }

    /** Returns a schedule that tries again as a configuration says, and only what may succeed: no answer, 408, 409, 425, 429 and 5xx. */
    public static RetrySchedule of(RetryConfig config) {
        return new RetrySchedule(config, List.of());
    }

    /** Returns whether even a refusal, such as 404, is tried again: the specification asks for it, since it may be a mistake of a day. */
    boolean triesAgainWhateverTheFailure() {
        return config == null;
    }

    /** Returns the pause before a retry, counted from 1; null if there is none. */
    @Nullable
    Duration pause(int retry, RandomGenerator random) {
        if (config != null) {
            return retry > config.maxRetries() ? null : config.delay(retry, random);
        }
        if (retry > pauses.size()) {
            return null;
        }
        long nanos = pauses.get(retry - 1).toNanos();
        return Duration.ofNanos((long) (nanos * (1 - JITTER + 2 * JITTER * random.nextDouble())));
    }

    /** Returns how long it takes at most if each attempt takes so long; null if it has no end. */
    @Nullable
    Duration longest(Duration attempt) {
        if (config != null && config.maxRetries() > 100) {
            return null;
        }
        Duration sum = attempt;
        if (config == null) {
            for (Duration pause : pauses) {
                sum = sum.plus(pause.plus(pause.dividedBy(10))).plus(attempt);
            }
            return sum;
        }
        RandomGenerator most = () -> Long.MAX_VALUE;
        RetryConfig plain = new RetryConfig(
                config.maxRetries(), config.initialDelay(), config.maxDelay(), config.exponentialBackoff(), false);
        for (int retry = 1; retry <= config.maxRetries(); retry++) {
            sum = sum.plus(plain.delay(retry, most)).plus(attempt);
        }
        return sum;
    }

    @Override
    public String toString() {
        return config == null ? pauses.toString() : config.toString();
    }
}
