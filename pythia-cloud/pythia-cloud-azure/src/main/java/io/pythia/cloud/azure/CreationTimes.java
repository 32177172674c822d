package io.pythia.cloud.azure;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** Times as the client wants them, each of four objects: messages that were made at the same time share one. Not thread-safe. */
final class CreationTimes {
    private Instant instant = Instant.EPOCH;
    private OffsetDateTime last = instant.atOffset(ZoneOffset.UTC);

    OffsetDateTime of(Instant time) {
        if (!time.equals(instant)) {
            instant = time;
            last = time.atOffset(ZoneOffset.UTC);
        }
        return last;
    }
}
