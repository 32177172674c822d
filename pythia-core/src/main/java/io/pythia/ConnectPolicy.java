package io.pythia;

/** What {@link MessageBroker#connect()} and {@link MessageProducer#connect()} do while the broker is away. */
public enum ConnectPolicy {
    /** Fail at the first error, within the connect timeout. */
    FAIL_FAST,
    /** Keep trying, as often as the retry configuration allows; the future completes when the broker is there. */
    WAIT
}
