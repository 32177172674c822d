package io.pythia;

import org.jspecify.annotations.Nullable;

/** The broker did not answer in time. */
public class BrokerTimeoutException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was being done, to what, and what to do about it. */
    public BrokerTimeoutException(String message) {
        this(message, null);
    }

    /** Creates one with the native error as its cause. */
    public BrokerTimeoutException(String message, @Nullable Throwable cause) {
        super(message, cause, true);
    }
}
