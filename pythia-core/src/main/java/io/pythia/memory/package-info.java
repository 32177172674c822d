/**
 * The embedded broker, for tests, demonstrations and small applications.
 *
 * <h2>What it is</h2>
 * A broker inside the JVM: topics that keep their messages in memory, and groups of consumers that each get all of them. It needs no
 * server, and behaves like one: leases, redelivery, dead letters, replay, limits, and outages on demand.
 *
 * <h2>Words</h2>
 * Topic: source and destination. Group: {@code consumerGroup}; it stays, with what it has not consumed, when its consumers leave. Lease:
 * how long a message is reserved for the consumer that it was delivered to. Room: how much a broker keeps before it refuses messages.
 *
 * <h2>Delivery guarantee</h2>
 * At least once, as long as the JVM lives. First deliveries are handed out in the order of sending, over all consumers of a group.
 *
 * <h2>Settling</h2>
 * ack: the group is done with it; it stays for new groups until the room is needed. nack: it goes back to the head of its group, or waits
 * for its delay. reject: it moves to the dead-letter topic, in one step. extend: the lease ends that much later than now. Closing, and the
 * end of a lease: as nack.
 *
 * <h2>Threads</h2>
 * None beside the engine's. One lock per broker guards everything; each receive, settle and send takes it once for a whole batch, and no
 * code of an application runs under it. Delays and leases are looked at by whoever receives.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(MemoryRecord.class)}; {@link io.pythia.memory.MemoryBroker} for what an administrator would do.
 */
@NullMarked
package io.pythia.memory;

import org.jspecify.annotations.NullMarked;
