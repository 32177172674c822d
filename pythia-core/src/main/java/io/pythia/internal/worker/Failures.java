package io.pythia.internal.worker;

import io.pythia.AckPolicy;
import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.internal.DeadLetterHeaders;
import io.pythia.internal.DeadLetters;
import io.pythia.internal.Events;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.IntakeControl;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;

/** What becomes of messages that failed: tried again here, given back to be delivered later, put to the dead letters. */
final class Failures {
    private static final long DEAD_LETTER_PAUSE = Duration.ofSeconds(1).toNanos();

    private final WorkerEngine engine;
    private final WorkerSettings settings;
    /** Found out when the first message is to be given back. */
    private volatile boolean brokerTakesNothingBack;

    final LongAdder failed = new LongAdder();
    final LongAdder retried = new LongAdder();
    final LongAdder redelivered = new LongAdder();
    final LongAdder deadLettered = new LongAdder();
    final LongAdder lost = new LongAdder();

    Failures(WorkerEngine engine, WorkerSettings settings) {
        this.engine = engine;
        this.settings = settings;
    }

    /** The handler failed, or what it returned could not be sent on. The call is what failed, see {@link Outage#failed}. */
    void failed(Task task, Object call, Throwable cause) {
        failed.increment();
        task.tries++;
        if (task.firstFailedAt == 0) {
            task.firstFailedAt = System.currentTimeMillis();
        }
        if (settings.ackPolicy() == AckPolicy.MANUAL && task.message.isSettled()) {
            engine.finished(task); // the handler has decided already
            return;
        }
        if (isFatal(cause)) {
            stop(task, cause);
            return;
        }
        boolean again;
        try {
            again = isWorthRetrying(cause);
        } catch (RuntimeException e) {
            e.addSuppressed(cause);
            stop(task, e); // retryOn itself is broken
            return;
        }
        if (!again) {
            task.failures++;
            putAside(task, cause);
        } else if (engine.outage().failed(task, call, cause)) {
            engine.submit(task);
        } else {
            task.failures++;
            retryOrPutAside(task, cause);
        }
    }

    private void stop(Task task, Throwable cause) {
        engine.fail(cause);
        engine.giveBack(task);
    }

    /** After these nothing that runs in this JVM can be trusted; other errors are like exceptions that are never retried. */
    private static boolean isFatal(Throwable cause) {
        return (cause instanceof VirtualMachineError && !(cause instanceof StackOverflowError))
                || cause instanceof LinkageError;
    }

    private boolean isWorthRetrying(Throwable cause) {
        return cause instanceof Exception
                && !(cause instanceof UndecodableException)
                && settings.retryOn().test(cause)
                && !(engine.isHereOnly() && engine.isStopping()); // the time is for those that were not tried
    }

    private boolean isAcknowledgedBefore() {
        return settings.ackPolicy() == AckPolicy.BEFORE_HANDLER;
    }

    /** Counts a message that the broker has no more and nobody has handled. */
    void lost(String why, Throwable cause) {
        lost.increment();
        engine.events().messageWarning(why, cause);
    }

    private void retryOrPutAside(Task task, Throwable cause) {
        RetryConfig retry = settings.retry();
        RetryConfig redelivery = settings.redelivery();
        if (task.failures <= retry.maxRetries()) {
            retryAfter(task, delay(retry, task.failures));
        } else if (redelivery == null) {
            putAside(task, cause);
        } else {
            redeliverOrPutAside(task, cause, redelivery);
        }
    }

    private void redeliverOrPutAside(Task task, Throwable cause, RetryConfig redelivery) {
        boolean here = staysHere(task);
        int again = here ? task.failures - settings.retry().maxRetries() : task.message.attempt();
        if (again > redelivery.maxRetries()) {
            putAside(task, cause);
        } else if (here) {
            retryAfter(task, delay(redelivery, again));
        } else {
            deliverLater(task, cause, delay(redelivery, again));
        }
    }

    /** Given back, a message in a lane would be overtaken by those behind it, and one that the broker has no more would be gone. */
    private boolean staysHere(Task task) {
        return brokerTakesNothingBack || task.lane() != null || engine.isHereOnly();
    }

    private void deliverLater(Task task, Throwable cause, Duration pause) {
        try {
            task.message.nack(pause);
        } catch (UnsupportedOperationException e) {
            brokerTakesNothingBack = true;
            retryOrPutAside(task, cause);
            return;
        }
        redelivered.increment();
        engine.finished(task);
    }

    private static Duration delay(RetryConfig config, int retry) {
        return config.delay(retry, ThreadLocalRandom.current());
    }

    private void retryAfter(Task task, Duration pause) {
        retried.increment();
        engine.timer().after(pause.toNanos(), () -> engine.submit(task));
    }

    private void putAside(Task task, Throwable cause) {
        MessageProducer letters = settings.deadLetter();
        if (settings.stopsOnFailure()) {
            stop(task, cause);
        } else if (letters != null) {
            send(letters, task, deadLetter(task, cause), Events.text(cause));
        } else {
            leaveToConsumer(task, Events.text(cause), cause);
        }
    }

    /** Its dead letters take it, or those of its broker, or its {@code onReject} says what becomes of it. */
    private void leaveToConsumer(Task task, String reason, Throwable cause) {
        if (isAcknowledgedBefore()) {
            lost("a message failed for good after it was acknowledged", cause);
        } else {
            deadLettered.increment();
            task.message.reject(reason);
        }
        engine.finished(task);
    }

    private static Message deadLetter(Task task, Throwable cause) {
        Message message = task.message;
        int attempts = message.attempt() - 1 + task.tries;
        Headers headers =
                DeadLetterHeaders.add(message.headers(), message.id(), message.source(), attempts, Events.text(cause));
        return message.toBuilder()
                .headers(DeadLetterHeaders.addFailure(headers, cause, Instant.ofEpochMilli(task.firstFailedAt)))
                .build();
    }

    private void send(MessageProducer letters, Task task, Message letter, String reason) {
        CompletableFuture<SendResult> sent;
        try {
            sent = letters.send(letter);
        } catch (RuntimeException e) {
            sent = CompletableFuture.failedFuture(e);
        }
        sent.whenComplete((result, error) -> {
            if (error == null) {
                deadLettered.increment();
                if (settings.consumer() instanceof IntakeControl consumer) {
                    consumer.deadLettered(task.message, reason);
                }
                engine.acknowledge(task);
            } else if (engine.isStopping()) {
                engine.giveBack(task);
            } else if (DeadLetters.isRefusal(error)) {
                leaveToConsumer(task, reason + "; the dead letters refuse it: " + Events.text(error), error);
            } else {
                engine.events().messageWarning("could not send to the dead letters, will try again", error);
                engine.timer().after(DEAD_LETTER_PAUSE, () -> send(letters, task, letter, reason));
            }
        });
    }
}
