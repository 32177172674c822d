package io.pythia;

/** What a {@link Worker} calls for several messages at once. It may block, and is called by many threads at once. */
@FunctionalInterface
public interface BatchHandler {

    /**
     * Handles messages. All of them have succeeded when it returns, but for those of which it has told {@link MessageBatch#fail} or
     * {@link MessageBatch#reject}.
     *
     * @throws Exception if all have failed, but for those that were rejected; see {@link Handler#handle}
     */
    void handle(MessageBatch batch) throws Exception;
}
