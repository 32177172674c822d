package io.pythia.rabbitmq;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** How the broker keeps a queue; its argument {@code x-queue-type}. */
public enum QueueType {
    /** On one node. */
    CLASSIC,
    /** On several nodes, by Raft: the broker counts deliveries, and a nack goes back to it. Always durable. */
    QUORUM;

    /** Returns arguments of a queue and its type; a classic queue needs none, and older brokers know none. */
    Map<String, Object> with(Map<String, Object> arguments) {
        Map<String, Object> all = new LinkedHashMap<>(arguments);
        if (this != CLASSIC) {
            all.put("x-queue-type", name().toLowerCase(Locale.ROOT));
        }
        return all;
    }
}
