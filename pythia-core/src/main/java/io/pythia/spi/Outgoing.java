package io.pythia.spi;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
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

    /**
     * Says, within {@link SendDriver#send}, that it was not taken over and nothing has happened to it: it comes again, before what was sent
     * later, when the driver is not {@link SendDriver#blocked} any more, and that counts as no try. In the order of the batch.
     */
    default void putBack() {
        fail(new MessageException("the message was not taken", null, true));
    }
}
