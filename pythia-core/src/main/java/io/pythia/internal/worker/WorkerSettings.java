package io.pythia.internal.worker;

import io.pythia.AckPolicy;
import io.pythia.BatchHandler;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.retry.RetryConfig;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a worker was told; {@link io.pythia.Worker.Builder} says what each means.
 *
 * @param laneOf what messages have in common that are handled one after another; null for a message that stands alone
 * @param release gives back a message that was not handled, which is no failed attempt
 * @param redelivery null for no redelivery after the retries in place
 * @param handlerTimeout zero for none
 * @param outageAfter zero for no outage mode
 * @param executor null for threads of the worker's own
 */
public record WorkerSettings(
        MessageBroker consumer,
        Work work,
        @Nullable Batching batching,
        int concurrency,
        Function<Message, @Nullable Object> laneOf,
        Consumer<Message> release,
        int prefetch,
        AckPolicy ackPolicy,
        RetryConfig retry,
        @Nullable RetryConfig redelivery,
        Predicate<? super Throwable> retryOn,
        int outageAfter,
        RetryConfig outagePauses,
        boolean stopsOnFailure,
        @Nullable MessageProducer deadLetter,
        @Nullable MessageProducer to,
        Duration handlerTimeout,
        Duration closeTimeout,
        @Nullable Executor executor) {

    /** How messages are gathered for one call. */
    public record Batching(int size, Duration maxWait, BatchHandler handler) {}
}
