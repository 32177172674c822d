package io.pythia.cloud.gcp;

import com.google.api.core.ApiFuture;
import com.google.api.core.ApiFutureCallback;
import com.google.api.core.ApiFutures;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.pubsub.v1.PublishResponse;
import io.pythia.BrokerException;
import io.pythia.spi.RetryInPlace;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A call that publishes, repeated in its place as the producer's retry says. The client's would not say that a try before the last one may
 * have reached the service. Confined to one thread at a time: the next try begins when the last one has ended.
 */
final class PublishCall implements ApiFutureCallback<PublishResponse> {
    /** Hears what became of it. */
    interface Callback {
        void succeeded(PublishResponse answer);

        void failed(BrokerException error);
    }

    private final String doing;
    private final Supplier<ApiFuture<PublishResponse>> call;
    private final RetryInPlace retry;
    private final ScheduledExecutorService threads;
    private final Callback callback;

    PublishCall(
            String doing,
            Supplier<ApiFuture<PublishResponse>> call,
            RetryInPlace retry,
            ScheduledExecutorService threads,
            Callback callback) {
        this.doing = doing;
        this.call = call;
        this.retry = retry;
        this.threads = threads;
        this.callback = callback;
    }

    /** Makes the next try. */
    void next() {
        ApiFutures.addCallback(call.get(), this, MoreExecutors.directExecutor());
    }

    @Override
    public void onSuccess(PublishResponse answer) {
        callback.succeeded(answer);
    }

    @Override
    public void onFailure(Throwable error) {
        BrokerException why = PubSubErrors.translateSend(doing, error);
        Duration pause = retry.failed(why);
        if (pause == null || !nextIn(pause)) {
            callback.failed(retry.outcome(why));
        }
    }

    /** Returns whether the next try will be made: not if the producer is closed. */
    private boolean nextIn(Duration pause) {
        try {
            threads.schedule(this::next, pause.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }
}
