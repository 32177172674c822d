package io.pythia;

import org.jspecify.annotations.Nullable;

/** The broker may have taken the message over, or not: send it again with the same id. */
public class UncertainSendException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was being done, to what, and what to do about it. */
    public UncertainSendException(String message) {
        this(message, null);
    }

    /** Creates one with the native error as its cause. */
    public UncertainSendException(String message, @Nullable Throwable cause) {
        this(message, cause, true);
    }

    /** Creates one that says whether the message may be sent again by the engine, and so perhaps be there twice. */
    public UncertainSendException(String message, @Nullable Throwable cause, boolean retryable) {
        super(message, cause, retryable);
    }
}
