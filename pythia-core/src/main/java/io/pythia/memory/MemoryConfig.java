package io.pythia.memory;

import io.pythia.spi.Setting;

/**
 * The limits of an embedded broker.
 *
 * @param autoCreateTopics whether a topic is created when it is first used; otherwise it must be there
 * @param maxMessages how many messages the broker keeps, in all topics; more are refused until some were consumed
 * @param maxBytes how many bytes the broker keeps, in all topics, each message counted with 256 bytes for its overhead
 * @param maxMessageBytes how large the body of a message may be, in bytes
 * @param replayMessages how many messages that all groups have consumed a topic keeps for new groups; fewer when the room is needed
 */
public record MemoryConfig(
        @Setting("Whether a topic is created when it is first used")
        boolean autoCreateTopics,

        @Setting("How many messages the broker keeps; more are refused until some were consumed")
        int maxMessages,

        @Setting("How many bytes the broker keeps; more are refused until some were consumed")
        long maxBytes,

        @Setting("How large the body of a message may be") int maxMessageBytes,

        @Setting("How many consumed messages a topic keeps for new groups")
        int replayMessages) {

    static final int DEFAULT_MAX_MESSAGE_BYTES = 8 << 20;

    /** Checks each value. */
    public MemoryConfig {
        atLeast("maxMessages", maxMessages, 1);
        atLeast("maxBytes", maxBytes, 1);
        atLeast("maxMessageBytes", maxMessageBytes, 0);
        atLeast("replayMessages", replayMessages, 0);
    }

    /**
     * Returns the defaults: topics are created; 1,000,000 messages and 256 MiB, in a small heap a quarter of it; 8 MiB for one message;
     * 100,000 messages for replay.
     */
    public static MemoryConfig defaults() {
        long room = Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 4);
        return new MemoryConfig(true, 1_000_000, room, DEFAULT_MAX_MESSAGE_BYTES, 100_000);
    }

    /** Returns a copy with another {@code autoCreateTopics}. */
    public MemoryConfig withAutoCreateTopics(boolean value) {
        return new MemoryConfig(value, maxMessages, maxBytes, maxMessageBytes, replayMessages);
    }

    /** Returns a copy with another {@code maxMessages}. */
    public MemoryConfig withMaxMessages(int value) {
        return new MemoryConfig(autoCreateTopics, value, maxBytes, maxMessageBytes, replayMessages);
    }

    /** Returns a copy with another {@code maxBytes}. */
    public MemoryConfig withMaxBytes(long value) {
        return new MemoryConfig(autoCreateTopics, maxMessages, value, maxMessageBytes, replayMessages);
    }

    /** Returns a copy with another {@code maxMessageBytes}. */
    public MemoryConfig withMaxMessageBytes(int value) {
        return new MemoryConfig(autoCreateTopics, maxMessages, maxBytes, value, replayMessages);
    }

    /** Returns a copy with another {@code replayMessages}. */
    public MemoryConfig withReplayMessages(int value) {
        return new MemoryConfig(autoCreateTopics, maxMessages, maxBytes, maxMessageBytes, value);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
        }
    }
}
