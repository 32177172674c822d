package io.pythia.memory;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a consumer was told, for its sessions. */
record MemoryConsumerSettings(
        MemoryBroker broker,
        List<String> topics,
        String group,
        Duration leaseTime,
        boolean fromStart,
        @Nullable String deadLetters) {

    /** Returns where the rejected messages of a topic go. */
    String deadLetterTopic(String topic) {
        return deadLetters == null ? topic + ".dead" : deadLetters;
    }
}
