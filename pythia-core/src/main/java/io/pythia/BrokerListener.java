package io.pythia;

import java.time.Duration;

/**
 * Hears what happens to a running consumer or producer: every outage, every gap, and every message that takes another way than the
 * usual one. All methods do nothing by default.
 *
 * <p>Called from threads of the engine, perhaps from several at once: an implementation must be thread-safe and must not block. What it
 * throws is logged and otherwise ignored.
 */
public interface BrokerListener {

    /** A listener that does nothing. */
    BrokerListener NONE = new BrokerListener() {};

    /** The connection was lost, or the broker gives no sign of life; the engine tries to get it back. */
    default void connectionLost(String broker, BrokerException cause) {}

    /** The connection is back, after that long. */
    default void connectionRestored(String broker, Duration outage) {}

    /** Messages of the source were lost before they could be consumed: trimmed, expired, or the position is gone. */
    default void dataLoss(String broker, Gap gap) {}

    /** A message will be delivered again because the application did not process it. */
    default void redelivered(String broker, Message message) {}

    /** A message was put to the dead letters. */
    default void deadLettered(String broker, Message message, String reason) {}

    /**
     * A message is gone: it was rejected, and the consumer is set up so; or its stream ended before it was handled, and a consumer that
     * promises at most once can't give it back.
     */
    default void dropped(String broker, Message message, String reason) {}

    /** An outcome could not be told to the broker: the message will be delivered again. */
    default void settleFailed(String broker, Message message, Throwable cause) {}

    /**
     * Part of a source that is gone.
     *
     * @param source the topic and partition, stream, slot or table
     * @param from where the gap begins, in the broker's terms
     * @param to where it ends, in the broker's terms
     * @param detail what happened, and what the consumer did about it
     */
    record Gap(String source, String from, String to, String detail) {}
}
