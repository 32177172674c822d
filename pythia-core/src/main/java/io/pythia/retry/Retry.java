package io.pythia.retry;

import io.pythia.BrokerException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Calls something again when it fails. Immutable and thread-safe.
 *
 * <p>By default every {@link Exception} is worth a retry, but for a {@link BrokerException} that says it is not. An {@link Error} and an
 * {@link InterruptedException} never are.
 */
public final class Retry {
    /** The earlier failures that the last one carries as suppressed: enough to see a pattern. */
    private static final int MAX_SUPPRESSED = 5;

    /** How a blocking call waits. */
    interface Sleeper {
        void sleep(Duration pause) throws InterruptedException;
    }

    private static final Sleeper SLEEP = pause -> TimeUnit.NANOSECONDS.sleep(pause.toNanos());

    private final RetryConfig config;
    private final Predicate<? super Throwable> worthwhile;
    private final Sleeper sleeper;
    private final @Nullable RandomGenerator random;

    Retry(
            RetryConfig config,
            Predicate<? super Throwable> worthwhile,
            Sleeper sleeper,
            @Nullable RandomGenerator random) {
        this.config = config;
        this.worthwhile = worthwhile;
        this.sleeper = sleeper;
        this.random = random;
    }

    /** Returns a retry with the default choice of what is worth one. */
    public static Retry of(RetryConfig config) {
        return new Retry(config, Retry::isWorthwhile, SLEEP, null);
    }

    /**
     * Returns a copy with another choice of what is worth a retry. It is not asked about errors and interrupts. What it throws ends the call,
     * with the failure that it was asked about suppressed.
     */
    public Retry on(Predicate<? super Throwable> worthwhile) {
        return new Retry(config, worthwhile, sleeper, random);
    }

    /** Calls with {@link #of} of a configuration. */
    public static <T> T call(RetryConfig config, Callable<T> action) throws Exception {
        return of(config).call(action);
    }

    private static boolean isWorthwhile(Throwable failure) {
        return !(failure instanceof BrokerException e) || e.isRetryable();
    }

    /**
     * Calls an action on this thread until it succeeds, and returns what it returned. An interrupt ends the wait at once.
     *
     * @throws InterruptedException if this thread was interrupted while it waited, or the action was
     * @throws Exception the last failure, with up to five earlier ones suppressed
     */
    public <T> T call(Callable<T> action) throws Exception {
        Exception last = null;
        for (int retry = 0; ; retry++) {
            try {
                return action.call();
            } catch (Exception e) {
                last = withEarlier(e, last);
                if (!again(e, retry)) {
                    throw last;
                }
            }
            sleeper.sleep(config.delay(retry + 1, random()));
        }
    }

    /**
     * Calls an action until its stage completes normally; no thread waits meanwhile. Cancelling the future ends it.
     *
     * @param scheduler where the action is called again after a pause; the first call is on this thread
     */
    public <T> CompletableFuture<T> callAsync(
            Supplier<? extends CompletionStage<T>> action, ScheduledExecutorService scheduler) {
        Async<T> run = new Async<>(action, scheduler);
        run.result.whenComplete((value, ended) -> run.cancelNext());
        run.attempt();
        return run.result;
    }

    private boolean again(Throwable failure, int retriesSoFar) {
        return retriesSoFar < config.maxRetries()
                && failure instanceof Exception
                && !(failure instanceof InterruptedException)
                && isWorthwhileHere(failure);
    }

    private boolean isWorthwhileHere(Throwable failure) {
        try {
            return worthwhile.test(failure);
        } catch (RuntimeException | Error e) {
            withEarlier(e, failure);
            throw e;
        }
    }

    private RandomGenerator random() {
        return random == null ? ThreadLocalRandom.current() : random;
    }

    private static <E extends Throwable> E withEarlier(E failure, @Nullable Throwable earlier) {
        if (earlier != null && earlier != failure && failure.getSuppressed().length < MAX_SUPPRESSED) {
            for (Throwable older : earlier.getSuppressed()) {
                if (older != failure && failure.getSuppressed().length < MAX_SUPPRESSED - 1) {
                    failure.addSuppressed(older);
                }
            }
            failure.addSuppressed(earlier);
        }
        return failure;
    }

    /** One asynchronous call with its retries. */
    private final class Async<T> {
        final CompletableFuture<T> result = new CompletableFuture<>();
        private final Supplier<? extends CompletionStage<T>> action;
        private final ScheduledExecutorService scheduler;
        /** What is scheduled: one callback cancels it, however many there were. */
        private volatile @Nullable Future<?> next;

        private int retries;
        private @Nullable Throwable last;

        Async(Supplier<? extends CompletionStage<T>> action, ScheduledExecutorService scheduler) {
            this.action = action;
            this.scheduler = scheduler;
        }

        void attempt() {
            if (result.isDone()) {
                return;
            }
            try {
                action.get().whenComplete(this::ended);
            } catch (Throwable t) {
                failed(t);
            }
        }

        private void ended(T value, @Nullable Throwable error) {
            if (error == null) {
                result.complete(value);
            } else {
                failed(error instanceof CompletionException && error.getCause() != null ? error.getCause() : error);
            }
        }

        private void failed(Throwable error) {
            last = withEarlier(error, last);
            try {
                if (!again(error, retries)) {
                    result.completeExceptionally(last);
                    return;
                }
                long pause = config.delay(++retries, random()).toNanos();
                next = scheduler.schedule(this::attempt, pause, TimeUnit.NANOSECONDS);
                if (result.isDone()) {
                    cancelNext();
                }
            } catch (RejectedExecutionException e) {
                result.completeExceptionally(withEarlier(error, e));
            } catch (Throwable t) { // else nobody would hear of it
                result.completeExceptionally(t);
            }
        }

        void cancelNext() {
            Future<?> scheduled = next;
            if (scheduled != null) {
                scheduled.cancel(false);
            }
        }
    }
}
