/**
 * RabbitMQ, by AMQP 0-9-1.
 *
 * <h2>What it is</h2>
 * Queues, which consumers share, and exchanges, which copy messages to the queues that are bound to them.
 *
 * <h2>Words</h2>
 * Queue: source, and destination if a producer names it. Exchange: destination. Group: a queue of its own bound to the exchange. Routing
 * key: what an exchange chooses queues by; not the message's key, which travels in a header. Delivery tag: what acknowledging goes by.
 *
 * <h2>Delivery guarantee</h2>
 * At least once, in the order of the queue as long as nothing is delivered again; with {@code autoAck} at most once.
 *
 * <h2>Settling</h2>
 * ack: {@code basic.ack}, one frame for all up to a tag when nothing before it is unsettled. nack: delivered again by the engine; on a quorum
 * queue {@code basic.nack} with requeue, which the broker counts. nack with delay: by the engine. reject: {@code basic.nack} without requeue
 * where the queue has a dead-letter exchange, else to the dead letters of the engine, then as ack. extend: there are no leases.
 *
 * <h2>Threads</h2>
 * Beside the engine's: the client's {@code AMQP Connection <host>:<port>} reads from the socket, fills the inbox and answers sends;
 * while a session is closed, {@code pythia-rabbitmq:<queue>-cut-off} closes the socket if that takes too long.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(Delivery.class)}, also {@code Envelope} and {@code BasicProperties}; arguments of queues and bindings by the broker's
 * names.
 */
@NullMarked
package io.pythia.rabbitmq;

import org.jspecify.annotations.NullMarked;
