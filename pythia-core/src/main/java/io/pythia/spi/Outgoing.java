package io.pythia.spi;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.SendResult;

/** One message on its way to the broker. A driver completes each exactly once, from any thread; later completions are ignored. */
public interface Outgoing {

    /** Returns the message. */
    Message message();

    /** Says that the broker has taken it over. */
    void succeed(SendResult result);

    /**
     * Says that it was not sent, or ({@link io.pythia.UncertainSendException}) that nobody knows. The engine sends it again if the error
     * is retryable, the producer's {@link io.pythia.retry.RetryConfig} allows and the send timeout has not passed.
     */
    void fail(BrokerException error);

    /** Says the same, and that the engine must not send it again although the error is retryable: the application may. */
    default void giveUp(BrokerException error) {
        fail(error);
    }
}
