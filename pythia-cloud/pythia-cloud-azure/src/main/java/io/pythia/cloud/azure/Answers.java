package io.pythia.cloud.azure;

import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Waits for the client's answers, and can be interrupted. */
final class Answers {
    private Answers() {}

    /**
     * Returns the answer, null for an empty one.
     *
     * @throws BrokerException what went wrong, translated
     */
    static <T> @Nullable T await(String doing, Mono<T> answer, Duration limit) throws InterruptedException {
        CompletableFuture<@Nullable T> future = answer.toFuture();
        try {
            return future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw AzureErrors.translate(doing, e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            throw new BrokerTimeoutException(doing + ": no answer within " + limit, e);
        } finally {
            future.cancel(true);
        }
    }

    /** Returns an answer that was asked for as a sign of life; null for one that says that the service is busy, which is one, too. */
    static <T> @Nullable T awaitLife(String doing, Mono<T> answer, Duration limit) throws InterruptedException {
        return await(doing, answer.onErrorResume(AzureErrors::isBusy, busy -> Mono.empty()), limit);
    }
}
