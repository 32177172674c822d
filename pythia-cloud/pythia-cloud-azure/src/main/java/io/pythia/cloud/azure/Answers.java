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

    /** Waits for an answer as a sign of life, which one that says that the service is busy is, too. */
    static void awaitLife(String doing, Mono<?> answer, Duration limit) throws InterruptedException {
        await(doing, answer.onErrorResume(AzureErrors::isBusy, busy -> Mono.empty()), limit);
    }
}
