/**
 * Azure Service Bus, by AMQP 1.0, and Azure Storage Queue, by HTTPS.
 *
 * <h2>What it is</h2>
 * Service Bus: queues, which consumers share, and topics, which copy messages to their subscriptions. Storage Queue: plain queues of an
 * Azure storage account.
 *
 * <h2>Words</h2>
 * Queue, topic: source and destination. Group: a subscription of a topic. Key: the session, on a queue with sessions, else the partition
 * key. Lease: the lock of a peek-locked message, or the time for which a message of Storage Queue is invisible. Receipt: the lock token, or
 * the latest pop receipt.
 *
 * <h2>Delivery guarantee</h2>
 * At least once. With sessions in the order of a session; else in no promised order.
 *
 * <h2>Settling</h2>
 * Service Bus. ack: complete. nack: abandon; the broker counts. nack with delay: by the engine, which renews the lock meanwhile. reject:
 * dead-letter with reason and description. extend: renews the lock, always for the lock time of the queue. {@code
 * ServiceBusConsumer.defer}: defer. {@code ServiceBusConsumer.abandon}: abandon, with properties to modify.
 *
 * <p>Storage Queue. ack: delete, with the latest pop receipt. nack and nack with delay: visible again at once, or later. reject: a copy to
 * {@code <queue>-poison}, then delete. extend: invisible for so long from now, at most seven days.
 *
 * <h2>Threads</h2>
 * Beside the engine's: those of the client's Reactor schedulers ({@code reactor-executor}, {@code boundedElastic}, {@code parallel}), which
 * read from the sockets and answer; of the JDK's HTTP client for Storage Queue.
 *
 * <h2>Escape hatch</h2>
 * {@code Message.unwrap(ServiceBusReceivedMessage.class)} and {@code Message.unwrap(QueueMessageItem.class)}.
 */
@NullMarked
package io.pythia.cloud.azure;

import org.jspecify.annotations.NullMarked;
