package io.pythia;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * Sends messages to one destination: a topic, a queue, a stream or a URL.
 *
 * <p>All methods may be called from any thread and none of them blocks, except {@link #close()}. Continuations of the returned
 * futures run on a thread of the client or the engine: they must not block.
 */
public interface MessageProducer extends AutoCloseable {

    /** Returns the name used in logs, events and metrics, for instance {@code kafka:orders}. */
    String name();

    /** Returns a future that completes when the broker has been reached; the errors are those of {@link MessageBroker#connect()}. */
    CompletableFuture<Void> connect();

    /**
     * Sends a message and returns a future that completes when the broker has taken it over.
     *
     * <p>The future completes within the send timeout in one of three ways: normally, the broker has the message; with an
     * {@link UncertainSendException}, the broker may have it, send it again with the same id; with any other
     * {@link BrokerException}, mostly a {@link MessageException}, the broker certainly does not have it. When more bytes are waiting
     * than the producer may hold, the future fails at once with a {@link ProducerFullException}, which is retryable: wait for earlier
     * results, or use {@link #sendAll}, which does.
     */
    CompletableFuture<SendResult> send(Message message);

    /**
     * Sends messages in order and returns a future with one result per message, in the same order.
     *
     * <p>The future completes when all of them are settled. It fails with a {@link BatchSendException} if at least one failed; that
     * exception has the outcome of each message. A batch does not wait for room: of one with more bytes than the producer may hold, those
     * that no longer fit fail with a {@link ProducerFullException}, and the others are sent; {@link #sendAll} sends any number.
     */
    CompletableFuture<List<SendResult>> sendBatch(List<Message> messages);

    /**
     * Returns the results, in order, of sending each message of a publisher.
     *
     * <p>Back-pressure goes through: messages are requested as results are, and about as many as the producer may hold; one that comes
     * while it is full waits for room, in order. The first failure cancels the source and ends the results with {@code onError}; what
     * waits for room is then not sent. The source is subscribed to when the results are, once per subscriber of the results.
     */
    Flow.Publisher<SendResult> sendAll(Flow.Publisher<Message> messages);

    /** Returns a future that completes when everything sent before this call is settled, well or badly. */
    CompletableFuture<Void> flush();

    /** Returns the health of this producer; see {@link MessageBroker#healthCheck()}. */
    CompletableFuture<Health> healthCheck();

    /** Refuses new messages, waits for those under way, at most for the close timeout, and releases the connection. */
    CompletableFuture<Void> disconnect();

    /** Disconnects and waits for it, at most for the close timeout. May be called more than once. */
    @Override
    void close();
}
