package io.pythia;

/** When a {@link Worker} acknowledges a message. It means the same on every broker. */
public enum AckPolicy {
    /** After the handler, and what it sends on, has succeeded: at least once. The default. */
    ON_SUCCESS,
    /**
     * Before the handler is called, which waits until the broker has the acknowledgement: at most once. A message is tried again only
     * while this process lives, is never given back to the broker, and is lost if the process dies, or if the worker stops and it is not
     * handled before the close timeout is over; {@link WorkerStats#lost()} counts those.
     */
    BEFORE_HANDLER,
    /**
     * Never: the handler settles the message, then or later, and one that it leaves alone stays in flight. If the handler throws before
     * it has settled the message, the worker treats it as one that failed.
     */
    MANUAL
}
