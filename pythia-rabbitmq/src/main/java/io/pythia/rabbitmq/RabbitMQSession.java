package io.pythia.rabbitmq;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection with one channel. Whatever ends, the connection, the channel or the consumer, ends the session, by {@link #fail}: the
 * client's own recovery would lose confirms, and takes no notice of a channel that is closed. Thread-safe after {@link #open}.
 */
final class RabbitMQSession implements AutoCloseable {
    private static final int CLOSE_MILLIS = 1_500;
    /** After that a close that still waits, for the client's locks perhaps, is ended by closing the socket. */
    private static final int CUT_OFF_MILLIS = 2_500;

    private final String name;
    private final RabbitMQConfig config;
    private final Executor deliveries;
    private final Consumer<BrokerException> onFailure;
    private final AtomicReference<@Nullable BrokerException> failure = new AtomicReference<>();
    private volatile @Nullable Socket socket;
    private volatile @Nullable HeldFrames frames;
    private volatile @Nullable Connection connection;
    private volatile @Nullable Channel channel;
    private volatile @Nullable String blocked;
    private volatile boolean closing;

    /**
     * Creates one, not open.
     *
     * @param deliveries runs what the client does with deliveries
     * @param onFailure told once why the session is over, on any thread; not told when it is closed
     */
    RabbitMQSession(String name, RabbitMQConfig config, Executor deliveries, Consumer<BrokerException> onFailure) {
        this.name = name;
        this.config = config;
        this.deliveries = deliveries;
        this.onFailure = onFailure;
    }

    /** Connects and opens the channel. */
    void open(Duration connectTimeout) throws InterruptedException {
        ConnectionFactory factory =
                Connections.factory(config, connectTimeout, deliveries, made -> socket = made, made -> frames = made);
        Connection made = connect(factory);
        connection = made;
        made.addShutdownListener(this::shutDown);
        made.addBlockedListener(reason -> blocked = reason == null ? "" : reason, () -> blocked = null);
        try {
            Channel opened = made.createChannel();
            if (opened == null) {
                throw new BrokerException(name + ": the broker has no channel left for this connection", null, true);
            }
            opened.addShutdownListener(this::shutDown);
            channel = opened;
        } catch (IOException | ShutdownSignalException e) {
            throw RabbitMQErrors.translate(name + ": opening a channel", e);
        }
    }

    private Connection connect(ConnectionFactory factory) throws InterruptedException {
        String clientName = config.connectionName() == null ? name : config.connectionName();
        for (int attempt = 1; ; attempt++) {
            try {
                return factory.newConnection(config.brokers(), clientName);
            } catch (IOException | TimeoutException | ShutdownSignalException | IllegalArgumentException e) {
                BrokerException error = RabbitMQErrors.translate(name + ": connecting to " + config.brokers(), e);
                if (!error.isRetryable() || attempt >= config.connectionAttempts()) {
                    throw error;
                }
            }
            TimeUnit.NANOSECONDS.sleep(config.retryDelay().toNanos());
        }
    }

    private void shutDown(ShutdownSignalException signal) {
        if (!signal.isInitiatedByApplication()) {
            fail(RabbitMQErrors.translate(name + ": connection lost", signal));
        }
    }

    /** Ends the session; the first reason counts. */
    void fail(BrokerException cause) {
        if (!closing && failure.compareAndSet(null, cause)) {
            onFailure.accept(cause);
        }
    }

    /** Ends the session by an error of the client, and returns what it means. */
    BrokerException fail(String doing, Throwable error) {
        fail(RabbitMQErrors.translate(name + ": " + doing, error));
        BrokerException first = failure.get();
        return first == null ? new BrokerConnectionException(name + " is disconnected", error) : first;
    }

    /** Returns why the session is over, null if it is not. */
    @Nullable
    BrokerException failure() {
        return failure.get();
    }

    Channel channel() {
        return Objects.requireNonNull(channel, "the session is not open");
    }

    /** Something that is written to the channel. */
    interface Writing {
        void write() throws IOException;
    }

    /** Writes in as few pieces as the client's buffer allows. One thread at a time. */
    void together(Writing writing) throws IOException {
        HeldFrames open = Objects.requireNonNull(frames, "the session is not open");
        open.hold();
        try {
            writing.write();
        } finally {
            open.release();
        }
    }

    int frameMax() {
        int max = Objects.requireNonNull(connection).getFrameMax();
        return max == 0 ? Integer.MAX_VALUE : max;
    }

    /** Returns why the broker takes no messages from this connection, null if it does. */
    @Nullable
    String blocked() {
        return blocked;
    }

    /** Asks for a sign of life, by repeating a setting of the channel that is so already. While the broker doesn't read there is no answer. */
    void ping(int prefetch) {
        BrokerException over = failure.get();
        if (over != null) {
            throw over;
        }
        if (blocked != null) {
            return;
        }
        try {
            channel().basicQos(prefetch);
        } catch (IOException | ShutdownSignalException e) {
            if (blocked == null) {
                throw fail("asking for a sign of life", e);
            }
        }
    }

    /** Closes the socket under the client: nothing else ends a write of it, and everything waits for its writes. */
    void cutOff() {
        Socket open = socket;
        if (open != null) {
            try {
                open.setSoLinger(true, 0); // or TLS would wait for its own writes to say goodbye
                open.close();
            } catch (IOException e) {
                // then it is closed
            }
        }
    }

    @Override
    public void close() {
        closing = true;
        CountDownLatch closed = new CountDownLatch(1);
        try {
            Connection open = connection;
            if (open != null && failure.get() == null && blocked == null && open.isOpen()) {
                cutOffUnless(closed);
                open.close(AMQP.REPLY_SUCCESS, "closed by the application", CLOSE_MILLIS);
            }
        } catch (IOException | ShutdownSignalException e) {
            // it is cut off
        } finally {
            closed.countDown();
            cutOff();
        }
    }

    private void cutOffUnless(CountDownLatch closed) {
        Thread thread = new Thread(
                () -> {
                    try {
                        if (!closed.await(CUT_OFF_MILLIS, TimeUnit.MILLISECONDS)) {
                            cutOff();
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "pythia-" + name + "-cut-off");
        thread.setDaemon(true);
        thread.start();
    }
}
