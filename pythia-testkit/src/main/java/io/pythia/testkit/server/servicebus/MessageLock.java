package io.pythia.testkit.server.servicebus;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A message that a client has. */
final class MessageLock {
    final StoredMessage message;
    final StandInQueue queue;
    final @Nullable QueueSession session;
    final UUID token = UUID.randomUUID();
    long until;

    MessageLock(StandInQueue queue, StoredMessage message, @Nullable QueueSession session, long until) {
        this.queue = queue;
        this.message = message;
        this.session = session;
        this.until = until;
    }

    boolean isExpired(long now) {
        return (session != null ? session.lockedUntil : until) <= now;
    }
}
