package io.pythia;

/** No connector of that name was found; the message lists those that were, and the module to add. */
public class UnknownBrokerException extends BrokerException {
    private static final long serialVersionUID = 1L;

    /** Creates one. */
    public UnknownBrokerException(String message) {
        super(message);
    }
}
