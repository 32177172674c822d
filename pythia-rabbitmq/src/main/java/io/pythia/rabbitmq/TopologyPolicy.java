package io.pythia.rabbitmq;

/** What is done about queues, exchanges and bindings when a session is opened. */
public enum TopologyPolicy {
    /** Declare them; what exists must be the same. */
    DECLARE,
    /** Check that they exist, and change nothing. */
    PASSIVE,
    /** Nothing; what is missing is found by being used. */
    NONE
}
