package io.pythia.internal.worker;

/** A body is none of the codec's. It will not become one by another try. */
public final class UndecodableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** Creates one. */
    public UndecodableException(Exception cause) {
        super("the body can't be decoded: " + cause, cause);
    }
}
