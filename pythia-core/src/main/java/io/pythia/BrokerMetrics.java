package io.pythia;

import io.pythia.spi.Outcome;

/**
 * Counts what flows. All methods do nothing by default; what they are given are counts of a batch, so that measuring costs nothing per
 * message. Called from threads of the engine, perhaps from several at once: an implementation must be thread-safe and quick.
 */
public interface BrokerMetrics {

    /** Counts nothing. */
    BrokerMetrics NONE = new BrokerMetrics() {};

    /** So many messages, of so many bytes, came from the broker. */
    default void received(String broker, int count, long bytes) {}

    /** So many messages were given to the subscriber, of which some not for the first time. */
    default void delivered(String broker, int count, int redelivered) {}

    /** So many messages were settled; of these {@code stale} were not, because the broker had taken them back. */
    default void settled(String broker, Outcome outcome, int count, int stale) {}

    /** So many messages, of so many bytes, were handed to the client to be sent. */
    default void sent(String broker, int count, long bytes) {}

    /** A message was confirmed by the broker, so long after it was given to {@link MessageProducer#send}. */
    default void confirmed(String broker, long nanos) {}

    /**
     * A message was not sent, or nobody knows. A try that found no room ({@link ProducerFullException}) counts, also one that
     * {@link Worker.Builder#to} makes while a message waits.
     */
    default void sendFailed(String broker, BrokerException error) {}
}
