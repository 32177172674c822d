package io.pythia.spi;

import io.pythia.BrokerException;

/**
 * A {@link SendDriver} whose client often takes a message without blocking and batches by itself, so that a hand-over to the sending
 * thread, with its wake-up, only costs. The engine then hands over on the thread that sends, as long as nothing waits to be sent before.
 */
public interface DirectSendDriver extends SendDriver {

    /**
     * Hands one message to the client if that can't block. Called by one thread at a time, the application's, after {@link #open} and
     * never while {@link #send} runs. It may come while {@link #close} runs or just after it: then the session is over.
     *
     * @return whether the client has it; if not, nothing has happened to it, and it comes again by {@link #send}
     * @throws BrokerException if the session is over; the message has certainly not been sent
     */
    boolean sendAtOnce(Outgoing outgoing) throws BrokerException;
}
