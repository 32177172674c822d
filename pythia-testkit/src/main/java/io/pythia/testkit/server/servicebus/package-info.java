/**
 * A stand-in for Azure Service Bus: its AMQP 1.0 data plane on the loopback interface, in a JVM of its own. Microsoft's emulator takes its
 * queues from a file when it starts, needs an SQL server beside it, and can be had only as a container; this one needs proton-j, which
 * Azure's client brings along.
 *
 * <p>It has queues, topics with subscriptions, peek-lock with all outcomes, lock times, delivery counts, dead letters, sessions and their
 * state, scheduled and deferred messages, time to live, duplicate detection, batches, and shared-access signatures. It keeps what it has
 * accepted in a file, so that it can be killed. One thread owns all state; no class here is thread-safe unless it says so.
 */
@NullMarked
package io.pythia.testkit.server.servicebus;

import org.jspecify.annotations.NullMarked;
