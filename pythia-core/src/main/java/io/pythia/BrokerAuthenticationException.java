package io.pythia;

import org.jspecify.annotations.Nullable;

/** The broker refused the credentials, or what they are not entitled to. */
public class BrokerAuthenticationException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was being done, to what, and what to do about it. */
    public BrokerAuthenticationException(String message) {
        this(message, null);
    }

    /** Creates one with the native error as its cause. */
    public BrokerAuthenticationException(String message, @Nullable Throwable cause) {
        super(message, cause, false);
    }
}
