package io.pythia;

import org.jspecify.annotations.Nullable;

/** The topic, queue, stream, group or table does not exist on the broker. */
public class DestinationNotFoundException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was being done, to what, and what to do about it. */
    public DestinationNotFoundException(String message) {
        this(message, null);
    }

    /** Creates one with the native error as its cause. */
    public DestinationNotFoundException(String message, @Nullable Throwable cause) {
        super(message, cause, false);
    }
}
