package io.pythia.redis;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What outlives the sessions of one consumer: when it last heard of the server, if it is not subscribed now. Thread-safe. */
final class ChannelGap {
    private @Nullable Instant since;

    /** A session has ended. */
    synchronized void begin(Instant lastHeard) {
        if (since == null) {
            since = lastHeard;
        }
    }

    /** A session has subscribed again; returns since when messages may have been lost, null if this is the first session. */
    synchronized @Nullable Instant end() {
        Instant was = since;
        since = null;
        return was;
    }
}
