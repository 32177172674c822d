package io.pythia.http;

import io.pythia.retry.CircuitBreaker;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** When the next request is due. It outlives sessions: a server that wants no requests for a while wants none from the next one either. */
final class PollSchedule {
    /** A hint of the server's may not stop a poller for long. */
    private static final int MAX_AGE_FACTOR = 10;

    private final PollSettings settings;
    private final RandomGenerator random;
    private CircuitBreaker breaker;
    private int failures;
    private long nextAt;
    private long notBefore;

    PollSchedule(PollSettings settings, RandomGenerator random, long now) {
        this.settings = settings;
        this.random = random;
        this.breaker = new CircuitBreaker(settings.config().circuitBreaker());
        this.nextAt = now;
        this.notBefore = now;
    }

    /** Returns in how many nanoseconds a request is due; zero or less if now. */
    synchronized long dueIn(long now) {
        return Math.max(nextAt - now, notBefore - now);
    }

    /** Returns for how long the server wants no requests, in nanoseconds; zero or less if it does. */
    synchronized long throttledFor(long now) {
        return notBefore - now;
    }

    /** Returns for how long the rate limit allows no request, in nanoseconds, without a word of the breaker; zero counts one. */
    synchronized long limitedFor(long now) {
        return settings.rateLimit() == null ? 0 : settings.rateLimit().tryAcquire(now);
    }

    /** Returns zero if a request may be made now; else for how long not, in nanoseconds. Each that may must be reported. */
    synchronized long tryAcquire(long now) {
        long wait = limitedFor(now);
        if (wait > 0) {
            return wait;
        }
        return breaker.tryAcquire() ? 0 : Math.max(1, breaker.untilTrial().toNanos());
    }

    /** A session was opened: its request asked no breaker, and an open one would not take its success for the trial. */
    synchronized void connected() {
        breaker = new CircuitBreaker(settings.config().circuitBreaker());
    }

    /** A request was answered. */
    synchronized void succeeded(long startedAt, long now, boolean more, @Nullable Duration maxAge) {
        breaker.onSuccess();
        failures = 0;
        if (more) {
            nextAt = now;
            return;
        }
        Duration interval = settings.interval();
        if (maxAge != null && settings.respectMaxAge() && maxAge.compareTo(interval) > 0) {
            Duration most = interval.multipliedBy(MAX_AGE_FACTOR);
            interval = maxAge.compareTo(most) > 0 ? most : maxAge;
        }
        long jittered = jittered(interval);
        nextAt = settings.timing() == PollTiming.FIXED_DELAY ? now + jittered : nextTick(startedAt, now, jittered);
    }

    private static long nextTick(long startedAt, long now, long interval) {
        long missed = interval == 0 ? 0 : (now - startedAt) / interval;
        return startedAt + (missed + 1) * interval;
    }

    private long jittered(Duration interval) {
        double factor = 1 + settings.jitter() * (2 * random.nextDouble() - 1);
        return (long) (interval.toNanos() * factor);
    }

    /**
     * A request failed. It is made again as often as {@code maxRetries} says, with growing pauses; then once per interval.
     *
     * @param retryAfter for how long the server wants no requests, null if it does not say
     */
    synchronized void failed(long now, @Nullable Duration retryAfter) {
        breaker.onFailure();
        failures++;
        int retry = Math.max(1, Math.min(failures, settings.config().maxRetries()));
        long pause = settings.config().retry().delay(retry, random).toNanos();
        if (failures > settings.config().maxRetries()) {
            pause = Math.max(pause, jittered(settings.interval()));
        }
        nextAt = now + pause;
        if (retryAfter != null) {
            notBefore = now + retryAfter.toNanos();
        }
    }

    /** A request was broken off by ourselves: it is due as before. */
    synchronized void abandoned() {
        breaker.onSuccess();
    }

    synchronized Duration untilTrial() {
        return breaker.untilTrial();
    }
}
