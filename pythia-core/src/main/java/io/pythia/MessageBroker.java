package io.pythia;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/**
 * Consumes messages from one source: a topic, a queue, a stream, a URL or a table.
 *
 * <p>A consumer is connected, subscribed to once, and disconnected. All methods may be called from any thread and none of them
 * blocks, except {@link #close()}. Continuations of the returned futures run on a thread of the engine: they must not block.
 */
public interface MessageBroker extends AutoCloseable {

    /** Returns the name used in logs, events and metrics, for instance {@code kafka:orders}. */
    String name();

    /**
     * Returns a future that completes when the broker has been reached, the credentials were accepted and the source exists.
     *
     * <p>It fails with a {@link BrokerException} that says what was wrong: {@link BrokerConnectionException},
     * {@link BrokerAuthenticationException}, {@link DestinationNotFoundException} or {@link BrokerTimeoutException}. Calling it
     * while connected does nothing. After {@link #disconnect()} it makes a new connection.
     */
    CompletableFuture<Void> connect();

    /**
     * Returns the messages of the source as a publisher for one subscriber.
     *
     * <p>Subscribing connects if {@link #connect()} was not called. The engine fetches only what was requested. A connection has one
     * subscription: a second subscriber gets {@code onError(IllegalStateException)}; to work in parallel use {@link Worker} or
     * several consumers of one group. All signals come from one thread, which may be blocked by the subscriber for as long as it
     * likes. The stream survives outages of the broker; it ends with {@code onComplete} after {@link #disconnect()}, and with
     * {@code onError} when the engine gives up.
     */
    Flow.Publisher<Message> consume();

    /**
     * Returns the health of this consumer, judged by its progress: connected to the broker, and no message unsettled for too long.
     *
     * <p>The future never completes exceptionally, completes within a few seconds also when the broker is silent, and nothing is
     * written to the broker for it.
     */
    CompletableFuture<Health> healthCheck();

    /**
     * Stops the intake, waits for what is in flight, settles it, gives the rest back to the broker and releases the connection.
     *
     * <p>The future completes normally within the close timeout. Calling it again returns the same outcome.
     */
    CompletableFuture<Void> disconnect();

    /** Disconnects and waits for it, at most for the close timeout. May be called more than once. */
    @Override
    void close();
}
