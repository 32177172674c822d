package io.pythia;

import java.util.Objects;
import java.util.concurrent.Flow;

/** Messages for code that is not reactive. */
public final class Messages {
    private Messages() {}

    /**
     * Returns the messages of a publisher for a plain loop, which waits when there are none. Nothing is subscribed to before the loop
     * begins.
     *
     * <pre>{@code
     * try (BlockingMessages messages = Messages.blocking(consumer.consume(), 100)) {
     *     for (Message message : messages) {
     *         handle(message);
     *         message.ack();
     *     }
     * }
     * }</pre>
     *
     * @param publisher where the messages come from, mostly {@link MessageBroker#consume}
     * @param prefetch how many messages may wait for the loop, at least 1. More are requested when half of them were taken. They are in
     *     flight: a loop that takes long for each message should have few, so that the last one is not unsettled for too long.
     * @throws IllegalArgumentException if {@code prefetch} is less than 1
     */
    public static BlockingMessages blocking(Flow.Publisher<Message> publisher, int prefetch) {
        Objects.requireNonNull(publisher, "publisher");
        if (prefetch < 1) {
            throw new IllegalArgumentException("prefetch must be at least 1, but is " + prefetch);
        }
        return new BlockingMessages(publisher, new BlockingSubscriber(prefetch));
    }
}
