/**
 * Redis: streams, publish/subscribe and lists.
 *
 * <h2>What it is</h2>
 * Streams are logs with groups of consumers that keep a list of pending entries. Publish/subscribe hands a message to whoever listens at
 * that moment. Lists are queues.
 *
 * <h2>Words</h2>
 * Stream, channel, list: source and destination. Entry: message. Group: {@code consumerGroup}. Pending: in flight. Idle time: lease.
 *
 * <h2>Delivery guarantee</h2>
 * Streams and lists: at least once. Publish/subscribe, streams with {@code noAck} and lists with {@code AT_MOST_ONCE}: at most once.
 *
 * <h2>Settling</h2>
 * Streams: ack is {@code XACK}, of a delivery that is still this consumer's. Lists: ack is {@code LREM} from the consumer's list of what it
 * is processing. Both: nack is delivered again by the engine, reject goes to the engine's dead letters and then as ack. Streams: extend
 * resets the idle time. Publish/subscribe: all but reject has no effect.
 *
 * <h2>Threads</h2>
 * Beside the engine's, the client's own: two for each session, called {@code pythia-<name>-...}. They complete the futures of sends.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(StreamMessage.class)}.
 */
@NullMarked
package io.pythia.redis;

import org.jspecify.annotations.NullMarked;
