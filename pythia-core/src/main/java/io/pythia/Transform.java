package io.pythia;

import org.jspecify.annotations.Nullable;

/** Makes the message that a {@link Worker} sends on out of one that it received. It may block, and is called by many threads at once. */
@FunctionalInterface
public interface Transform {

    /**
     * Returns what is to be sent on, or null if nothing is: the received message is then acknowledged at once. {@link Message#toBuilder}
     * of the received one keeps its id, key and headers.
     *
     * @throws Exception if it failed; see {@link Handler#handle}
     */
    @Nullable
    Message apply(Message message) throws Exception;
}
