package io.pythia;

import org.jspecify.annotations.Nullable;

/**
 * The root of all failures of this library.
 *
 * <p>The message says what was being done, to what, and what to do about it; the client library's own error is the cause.
 */
public class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean retryable;

    /** Creates one that is not worth trying again. */
    public BrokerException(String message) {
        this(message, null, false);
    }

    /** Creates one that is not worth trying again, with the native error as its cause. */
    public BrokerException(String message, @Nullable Throwable cause) {
        this(message, cause, false);
    }

    /** Creates one that says whether the same call may succeed later. */
    public BrokerException(String message, @Nullable Throwable cause, boolean retryable) {
        super(message, cause);
        this.retryable = retryable;
    }

    /** Returns whether the same call may succeed later without anybody changing anything. */
    public final boolean isRetryable() {
        return retryable;
    }
}
