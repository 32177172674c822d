package io.pythia.internal;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import java.util.concurrent.CompletableFuture;

/**
 * Sends rejected messages to a producer, with where they came from and why.
 */
public final class DeadLetters {
    private final MessageProducer producer;
    private final boolean own;

    /**
     * Creates one that sends to a producer.
     *
     * @param own whether the producer ends with it; otherwise it stays the caller's to close
     */
    public DeadLetters(MessageProducer producer, boolean own) {
        this.producer = producer;
        this.own = own;
    }

    /** Disconnects a producer of its own. */
    CompletableFuture<Void> close() {
        return own ? producer.disconnect() : CompletableFuture.completedFuture(null);
    }

    CompletableFuture<SendResult> send(Delivery<?> delivery, String reason) {
        try {
            return producer.send(deadLetter(delivery.message(), reason));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Returns whether a dead letter that could not be sent never can: it is too large, say. */
    public static boolean isRefusal(Throwable error) {
        return Causes.of(error) instanceof MessageException e && !e.isRetryable();
    }

    private static Message deadLetter(Message message, String reason) {
        Headers headers =
                DeadLetterHeaders.add(message.headers(), message.id(), message.source(), message.attempt(), reason);
        return message.toBuilder().headers(headers).build();
    }
}
