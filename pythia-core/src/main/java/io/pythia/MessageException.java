package io.pythia;

import org.jspecify.annotations.Nullable;

/**
 * One message is at fault, or could not be sent in time, and certainly did not go: too large, unroutable, refused, can't be decoded,
 * or the broker was away for as long as the send timeout.
 */
public class MessageException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that is not worth trying again. */
    public MessageException(String message) {
        this(message, null, false);
    }

    /** Creates one that is not worth trying again, with the native error as its cause. */
    public MessageException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    /** Creates one that says whether the same message may be taken later. */
    public MessageException(String message, @Nullable Throwable cause, boolean retryable) {
        super(message, cause, retryable);
    }
}
