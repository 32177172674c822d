package io.pythia;

/**
 * What a {@link Worker} calls for each message whose body a {@link Codec} has decoded. It may block, and is called by many threads at
 * once.
 *
 * @param <T> what the body is decoded to
 */
@FunctionalInterface
public interface PayloadHandler<T> {

    /**
     * Handles a message.
     *
     * @param payload the decoded body
     * @param message the message with its key and headers
     * @throws Exception if it failed; see {@link Handler#handle}
     */
    void handle(T payload, Message message) throws Exception;
}
