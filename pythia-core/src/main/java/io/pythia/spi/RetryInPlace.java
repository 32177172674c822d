package io.pythia.spi;

import io.pythia.BrokerException;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When a driver sends one request again itself, in its place. That is for destinations that keep an order: the engine, which sends again
 * what a driver has failed, lets later messages overtake. This says whether there is another try, and what became of the messages in the
 * end; the driver makes the tries, waits between them, and fails the messages by {@link Outgoing#giveUp} when there is none any more.
 *
 * <p>One for each request, created when it is first made. Not thread-safe: one try ends before the next begins.
 */
public final class RetryInPlace {
    private final RetryConfig retry;
    private final LongSupplier nanoTime;
    private final long until;
    private int retries;
    private @Nullable BrokerException uncertain;

    /**
     * Creates one.
     *
     * @param options the producer's: {@code retry} says how often and with what pauses, {@code sendTimeout} for how long, from now
     */
    public RetryInPlace(ProducerOptions options) {
        this(options, System::nanoTime);
    }

    RetryInPlace(ProducerOptions options, LongSupplier nanoTime) {
        this.retry = options.retry();
        this.nanoTime = nanoTime;
        this.until = nanoTime.getAsLong() + TimeUnit.NANOSECONDS.convert(options.sendTimeout());
    }

    /**
     * Takes down how a try has failed; returns how long to wait before the next one. Null if there is none: the error is not retryable,
     * or the retries or the time are used up.
     *
     * @param error an {@link UncertainSendException} if the broker may have the messages all the same
     */
    public @Nullable Duration failed(BrokerException error) {
        if (error instanceof UncertainSendException) {
            uncertain = error;
        }
        if (!error.isRetryable() || retries >= retry.maxRetries()) {
            return null;
        }
        Duration pause = retry.delay(++retries, ThreadLocalRandom.current());
        return nanoTime.getAsLong() + pause.toNanos() - until < 0 ? pause : null;
    }

    /**
     * Returns what to tell of a message with which a try has ended like this. An earlier try that is uncertain outlives what a later one
     * brings: what is refused now may have arrived then.
     */
    public BrokerException outcome(BrokerException last) {
        return uncertain == null ? last : uncertain;
    }
}
