package io.pythia;

/**
 * The message was refused at once, since more bytes are under way than the producer may hold: see {@code maxInFlightBytes} of its builder.
 * It certainly did not go. Always retryable: there is room again when earlier messages have ended. {@link MessageProducer#sendAll} waits
 * for that.
 */
public final class ProducerFullException extends MessageException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says how much is under way and what the limit is. */
    public ProducerFullException(String message) {
        super(message, null, true);
    }
}
