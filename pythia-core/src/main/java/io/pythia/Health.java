package io.pythia;

import java.util.Map;
import java.util.Objects;

/**
 * The health of a consumer or producer at one moment.
 *
 * @param status whether messages can flow
 * @param detail one sentence for a person: what is wrong, or {@code "connected"}
 * @param facts figures for a dashboard: messages in flight, age of the oldest, reconnects and the like; never secrets
 */
public record Health(Status status, String detail, Map<String, String> facts) {

    /** Checks that nothing is null and copies the facts. */
    public Health {
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(detail, "detail");
        facts = Map.copyOf(facts);
    }

    /** Returns whether the status is {@link Status#UP}. */
    public boolean isUp() {
        return status == Status.UP;
    }

    /** Whether messages can flow. */
    public enum Status {
        /** They can. */
        UP,
        /** They can, but something needs attention. */
        DEGRADED,
        /** They can't: not connected, connection lost, or a message is stuck. */
        DOWN
    }
}
