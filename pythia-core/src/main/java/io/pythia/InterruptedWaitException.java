package io.pythia;

/** The thread was interrupted while it waited for a message. Its interrupt flag is set, and no message was lost. */
public final class InterruptedWaitException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one that says what was waited for. */
    public InterruptedWaitException(String message, InterruptedException cause) {
        super(message, cause);
    }
}
