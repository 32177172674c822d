/**
 * An embedded broker, for tests, demonstrations and small applications.
 *
 * <h2>What it is</h2>
 * Topics in the memory of this process, with groups of consumers, leases, delayed redelivery, dead letters and replay. It is gone when the
 * process ends.
 *
 * <h2>Words</h2>
 * Topic: source and destination. Group: every group gets every message, the consumers of one group share them. Lease: how long a message
 * is reserved for the consumer that has it.
 *
 * <h2>Delivery guarantee</h2>
 * At least once, in the order of sending as long as nothing is delivered again.
 *
 * <h2>Settling</h2>
 * ack: the group is done with it. nack: the group delivers it again, before what is new, at once or after a delay. reject: it is sent to
 * the topic {@code <topic>.dead}, then as ack. extend: its lease begins anew.
 *
 * <h2>Threads</h2>
 * None of its own: the engine's threads do the work, under one lock per topic.
 *
 * <h2>Escape hatch</h2>
 * None is needed: there is no client library.
 */
@NullMarked
package io.pythia.memory;

import org.jspecify.annotations.NullMarked;
