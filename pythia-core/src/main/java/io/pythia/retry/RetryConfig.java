package io.pythia.retry;
import java.time.Duration;
import java.util.random.RandomGenerator;
public record RetryConfig(int maxRetries, Duration initialDelay, Duration maxDelay, boolean exponentialBackoff, boolean jitter) {
    public static final int FOREVER = Integer.MAX_VALUE;
    public Duration delay(int retry, RandomGenerator random) {
        long nanos = Math.min(maxDelay.toNanos(), initialDelay.toNanos() << Math.min(20, retry - 1));
        return Duration.ofNanos(random.nextLong(nanos + 1));
    }
}
