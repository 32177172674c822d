package io.pythia.rabbitmq;

import java.util.Locale;

/** How an exchange chooses the queues for a message. */
public enum ExchangeType {
    /** Those bound with exactly the message's routing key. */
    DIRECT,
    /** Those bound with a pattern that the routing key matches: {@code orders.*}, {@code orders.#}. */
    TOPIC,
    /** All that are bound. */
    FANOUT,
    /** Those whose binding arguments the message's headers have. */
    HEADERS;

    /** Returns the name on the wire. */
    String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
