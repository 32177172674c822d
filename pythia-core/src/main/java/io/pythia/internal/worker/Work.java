package io.pythia.internal.worker;

import io.pythia.Message;
import org.jspecify.annotations.Nullable;

/** One call of the application's code for one message, whatever kind of handler it gave. */
@FunctionalInterface
public interface Work {

    /**
     * Does it.
     *
     * @return the {@link Message} to send on, a {@link java.util.concurrent.CompletionStage} that completes when it is done, or null
     */
    @Nullable
    Object call(Message message) throws Exception;
}
