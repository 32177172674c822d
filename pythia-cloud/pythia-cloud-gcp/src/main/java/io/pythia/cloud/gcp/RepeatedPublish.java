package io.pythia.cloud.gcp;

import com.google.api.core.ApiFuture;
import com.google.api.core.ApiFutureCallback;
import com.google.api.core.ApiFutures;
import com.google.api.gax.rpc.StatusCode.Code;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.pubsub.v1.PublishResponse;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A request that is repeated in its place by the producer's own retry. The client's would not say that a try before the last one may have
 * reached the service. Confined to one thread at a time: the next try begins when the last one has ended.
 */
final class RepeatedPublish implements ApiFutureCallback<PublishResponse> {
    private final Supplier<ApiFuture<PublishResponse>> call;
    private final RetryConfig retry;
    private final ScheduledExecutorService threads;
    private final ApiFutureCallback<PublishResponse> callback;
    private final long until;
    private int retries;
    /** How a try ended that the service may have applied. */
    private @Nullable Throwable uncertain;

    /**
     * Creates one.
     *
     * @param limit after which time no other try begins
     * @param callback hears the outcome: of a failure, one that leaves it open if there was one
     */
    RepeatedPublish(
            Supplier<ApiFuture<PublishResponse>> call,
            RetryConfig retry,
            Duration limit,
            ScheduledExecutorService threads,
            ApiFutureCallback<PublishResponse> callback) {
        this.call = call;
        this.retry = retry;
        this.threads = threads;
        this.callback = callback;
        this.until = System.nanoTime() + TimeUnit.NANOSECONDS.convert(limit);
    }

    /** Makes the next try. */
    void next() {
        ApiFutures.addCallback(call.get(), this, MoreExecutors.directExecutor());
    }

    @Override
    public void onSuccess(PublishResponse answer) {
        callback.onSuccess(answer);
    }

    @Override
    public void onFailure(Throwable error) {
        Code code = PubSubErrors.code(error);
        boolean passing = PubSubErrors.PASSING.contains(code);
        if (passing) {
            uncertain = error;
        }
        boolean again = passing || code == Code.RESOURCE_EXHAUSTED;
        if (!again || retries >= retry.maxRetries() || !repeat()) {
            callback.onFailure(uncertain == null ? error : uncertain);
        }
    }

    /** Returns whether there is time for another try, and it will be made. */
    private boolean repeat() {
        long pause = TimeUnit.NANOSECONDS.convert(retry.delay(++retries, ThreadLocalRandom.current()));
        if (System.nanoTime() + pause - until >= 0) {
            return false;
        }
        try {
            threads.schedule(this::next, pause, TimeUnit.NANOSECONDS);
            return true;
        } catch (RejectedExecutionException e) {
            return false; // the producer is closed
        }
    }
}
