package io.pythia.testkit.server.servicebus;

import org.apache.qpid.proton.engine.Sender;
import org.jspecify.annotations.Nullable;

/** A session of a queue, and who holds it. */
final class QueueSession {
    final String id;

    @Nullable
    Sender owner;

    long lockedUntil;
    byte @Nullable [] state;

    QueueSession(String id) {
        this.id = id;
    }
}
