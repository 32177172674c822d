package io.pythia.redis;

import io.lettuce.core.api.StatefulRedisConnection;
import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Sends by commands on one connection, without waiting for their answers; what a command is, its {@link Destination} says. */
final class RedisSender implements SendDriver {
    /** What one kind of destination does on the wire. */
    interface Destination {
        /** Returns the key or channel, which decides on the node of a cluster. */
        byte[] name();

        /** Returns how many of these messages, from an index on, go into one command: at least one. */
        int together(List<? extends Outgoing> batch, int from);

        /** Sends one command. */
        CompletionStage<?> write(StatefulRedisConnection<byte[], byte[]> connection, List<? extends Outgoing> messages);

        /** Returns what the server's answer means for one message; throws if it means that the message did not go. */
        SendResult result(Message message, Object answer);
    }

    /** How many commands may be without an answer. */
    static final int WINDOW = 8_192;

    private static final long LONGEST_WAIT_MILLIS = 1_000;

    private final RedisConnections connections;
    private final Destination destination;
    private final Semaphore window = new Semaphore(WINDOW);
    private @Nullable StatefulRedisConnection<byte[], byte[]> connection;

    RedisSender(RedisConnections connections, Destination destination) {
        this.connections = connections;
        this.destination = destination;
    }

    @Override
    public void open() throws InterruptedException {
        connections.open(destination.name());
        connection = connections.connect();
        connection.setAutoFlushCommands(false);
    }

    @Override
    public void send(List<? extends Outgoing> batch) throws InterruptedException {
        StatefulRedisConnection<byte[], byte[]> open = Objects.requireNonNull(connection);
        connections.checkSilence(); // the engine's time-out ends sends, this the connection that owes their answers
        for (int from = 0; from < batch.size(); ) {
            connections.check();
            int size = destination.together(batch, from);
            if (!window.tryAcquire()) {
                open.flushCommands();
                awaitRoom();
            }
            write(open, size == batch.size() ? batch : batch.subList(from, from + size));
            from += size;
        }
        open.flushCommands();
    }

    /** Returns why a message is too large for the configuration, or null. */
    static @Nullable MessageException tooLarge(String name, RedisConfig config, Message message) {
        int size = message.body().length;
        return size <= config.maxMessageBytes()
                ? null
                : new MessageException(name + ": a message of " + size
                        + " bytes is larger than maxMessageBytes, which is " + config.maxMessageBytes());
    }

    private void awaitRoom() throws InterruptedException {
        while (!window.tryAcquire(LONGEST_WAIT_MILLIS, TimeUnit.MILLISECONDS)) {
            connections.checkSilence();
            connections.check();
        }
    }

    private void write(StatefulRedisConnection<byte[], byte[]> open, List<? extends Outgoing> messages) {
        CompletionStage<?> answer;
        connections.asked();
        try {
            answer = destination.write(open, messages);
        } catch (RuntimeException e) {
            answered();
            BrokerException error = RedisErrors.translateNotSent(doing(), e);
            messages.forEach(each -> each.fail(error));
            return;
        }
        if (messages.size() == 1) {
            Outgoing only = messages.get(0);
            answer.whenComplete((result, error) -> {
                answered();
                complete(only, result, error);
            });
        } else {
            answer.whenComplete((result, error) -> {
                answered();
                messages.forEach(each -> complete(each, result, error));
            });
        }
    }

    /** On the client's thread. */
    private void answered() {
        connections.answered();
        window.release();
    }

    private void complete(Outgoing outgoing, @Nullable Object answer, @Nullable Throwable error) {
        if (error == null && answer != null) {
            try {
                outgoing.succeed(destination.result(outgoing.message(), answer));
            } catch (BrokerException e) {
                outgoing.fail(e);
            }
            return;
        }
        Throwable cause = error == null ? new IllegalStateException("an empty answer") : error;
        connections.failed(doing(), cause);
        outgoing.fail(RedisErrors.translateSend(doing(), cause, connections.config.retryOnTimeout()));
    }

    private String doing() {
        return connections.name + ": sending a message";
    }

    @Override
    public void ping() throws InterruptedException {
        connections.ping(connection);
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("unanswered", Integer.toString(WINDOW - window.availablePermits()));
    }

    @Override
    public void close() {
        connections.close();
    }
}
