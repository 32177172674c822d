package io.pythia;

import org.jspecify.annotations.Nullable;

/** The broker can't be reached, or the connection to it was lost. */
public class BrokerConnectionException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was being done, to what, and what to do about it. */
    public BrokerConnectionException(String message) {
        this(message, null);
    }

    /** Creates one with the native error as its cause. */
    public BrokerConnectionException(String message, @Nullable Throwable cause) {
        super(message, cause, true);
    }
}
