package io.pythia;

import java.util.concurrent.CompletionStage;

/** What a {@link Worker} calls for each message if the work goes on elsewhere. It must not block. */
@FunctionalInterface
public interface AsyncHandler {

    /**
     * Begins to handle a message.
     *
     * @return completes when it is handled, exceptionally if that failed; its value is ignored
     * @throws Exception if it failed at once
     */
    CompletionStage<?> handle(Message message) throws Exception;
}
