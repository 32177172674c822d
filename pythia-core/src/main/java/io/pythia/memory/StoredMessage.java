package io.pythia.memory;

import io.pythia.Message;

/** A message in a topic, and its place. */
record StoredMessage(long offset, Message message) {
    /** What it costs in memory, about. */
    int size() {
        return message.body().length + 100;
    }
}
