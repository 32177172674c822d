package io.pythia.internal;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/**
 * Sends rejected messages to a producer, with where they came from and why. The headers are bounded and replaced, not added: a message
 * may go round any number of times.
 */
public final class DeadLetters {
    private static final int MAX_REASON = 500;

    private final MessageProducer producer;

    /** Creates one that sends to a producer, which stays the caller's to close. */
    public DeadLetters(MessageProducer producer) {
        this.producer = producer;
    }

    CompletableFuture<SendResult> send(Delivery<?> delivery, String reason) {
        try {
            return producer.send(letter(delivery.message(), reason));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Returns the message with where it came from and why it was rejected. */
    public static Message letter(Message message, String reason) {
        Headers headers = message.headers()
                .with(DeadLetterHeaders.REASON, shortened(reason))
                .with(DeadLetterHeaders.SOURCE, message.source())
                .with(DeadLetterHeaders.ID, message.id())
                .with(DeadLetterHeaders.ATTEMPTS, Integer.toString(message.attempt()))
                .with(DeadLetterHeaders.TIME, Instant.now().toString());
        return message.toBuilder().headers(headers).build();
    }

    /** Text that may come from anywhere, fit for a header. */
    private static String shortened(String reason) {
        String valid = new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
        if (valid.length() <= MAX_REASON) {
            return valid;
        }
        return valid.substring(
                0, Character.isHighSurrogate(valid.charAt(MAX_REASON - 1)) ? MAX_REASON - 1 : MAX_REASON);
    }
}
