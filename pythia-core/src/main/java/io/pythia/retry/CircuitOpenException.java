package io.pythia.retry;

import io.pythia.BrokerException;

/** The call was not made: what it would have called has failed too often of late. */
public final class CircuitOpenException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one. */
    public CircuitOpenException(String message) {
        super(message, null, true);
    }
}
