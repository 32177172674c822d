package io.pythia;

/** What a {@link Worker} calls for each message. It may block, and is called by many threads at once. */
@FunctionalInterface
public interface Handler {

    /**
     * Handles a message.
     *
     * @throws Exception if it failed: the message is tried again as the worker's {@code retry} says, then put to the dead letters. A
     *     {@link BrokerException} that is not retryable, for instance a {@link MessageException}, puts it there at once.
     */
    void handle(Message message) throws Exception;
}
