package io.pythia;

import java.util.Map;
import java.util.Objects;

/**
 * The broker's word that it has a message.
 *
 * @param id the id of the message
 * @param destination the topic, queue, stream or URL that has it
 * @param details what else the broker said: partition, offset, stream id and the like; read-only, never null
 */
public record SendResult(String id, String destination, Map<String, String> details) {

    /** Checks that nothing is null. */
    public SendResult {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(destination, "destination");
        Objects.requireNonNull(details, "details");
    }
}
