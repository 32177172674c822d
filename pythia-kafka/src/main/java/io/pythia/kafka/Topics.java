package io.pythia.kafka;

import java.util.regex.Pattern;

/** The names that Kafka takes for topics: the client would wait for the whole timeout for one that it doesn't. */
final class Topics {
    private static final Pattern LEGAL = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

    private Topics() {}

    /** Returns the name, or throws an {@link IllegalArgumentException} that says what is allowed. */
    static String check(String topic) {
        if (!LEGAL.matcher(topic).matches() || topic.equals(".") || topic.equals("..")) {
            throw new IllegalArgumentException(
                    "topic must be 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_' and '-', and not"
                            + " '.' or '..'");
        }
        return topic;
    }
}
