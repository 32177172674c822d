package io.pythia.testkit.server.servicebus;

import org.apache.qpid.proton.engine.Sender;
import org.jspecify.annotations.Nullable;

/**
 * A client's link from a queue.
 *
 * @param atMostOnce whether a message is forgotten when it is sent
 * @param session the session that it holds, null on a queue without sessions
 */
record QueueReader(
        Sender link,
        StandInQueue queue,
        boolean atMostOnce,
        @Nullable QueueSession session) {}
