/**
 * Google Cloud Pub/Sub.
 *
 * <h2>What it is</h2>
 * Topics, to which messages are published, and subscriptions, each of which gets every message of its topic; consumers of one subscription
 * share its messages.
 *
 * <h2>Words</h2>
 * Topic: destination. Subscription: source, and group. Ordering key: the message's key. Attribute: header; those that begin with
 * {@code pythia-} carry what an attribute can't. Ack deadline: lease. Ack id: receipt. Outstanding: prefetched or in flight.
 *
 * <h2>Delivery guarantee</h2>
 * At least once; in order of the ordering key, if the subscription has message ordering. Where it delivers exactly once, a settlement
 * that is {@code DONE} is known to hold, and one that came too late is {@code STALE}.
 *
 * <h2>Settling</h2>
 * ack: {@code Acknowledge}, up to 1,000 in one call. nack: {@code ModifyAckDeadline} to 0; with a delay, to that many seconds, rounded up,
 * at most 600: it comes again when they have passed. reject: to the dead letters of the engine, then as ack; a subscription's own
 * dead-letter policy counts nacks instead. extend: {@code ModifyAckDeadline}. After the end of its lease a message is {@code STALE}.
 *
 * <h2>Threads</h2>
 * Beside the engine's: two {@code pythia-pubsub:<name>-client-<n>}, on which the client's answers arrive and the leases of what is
 * prefetched are extended; the client's {@code grpc-default-*} threads, which all clients of a process share.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(ReceivedMessage.class)}, also {@code PubsubMessage}.
 */
@NullMarked
package io.pythia.cloud.gcp;

import org.jspecify.annotations.NullMarked;
