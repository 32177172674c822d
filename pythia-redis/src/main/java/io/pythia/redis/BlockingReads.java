package io.pythia.redis;

import io.lettuce.core.UnblockType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads that wait at the server, on a connection of their own, and the way to end such a wait from another thread: an answer never comes
 * to a command that was given up. One thread reads.
 */
final class BlockingReads {
    private static final long LONGEST_PAUSE_MILLIS = 100;

    private final RedisConnections connections;
    private final StatefulRedisConnection<byte[], byte[]> waiting;
    private final StatefulRedisConnection<byte[], byte[]> other;
    private final long clientId;
    private volatile boolean wokenUp;
    private volatile boolean ended;
    private volatile @Nullable CompletionStage<?> underWay;
    /** The read that was asked last to end. */
    private final AtomicReference<@Nullable CompletionStage<?>> unblocking = new AtomicReference<>();

    /** Opens the connection. The other one is for the command that ends a wait. */
    BlockingReads(RedisConnections connections, StatefulRedisConnection<byte[], byte[]> other)
            throws InterruptedException {
        this.connections = connections;
        this.other = other;
        this.waiting = connections.connect();
        this.clientId = connections.await(
                "asking for the connection's number", waiting.async().clientId());
    }

    RedisAsyncCommands<byte[], byte[]> commands() {
        return waiting.async();
    }

    /** Takes the wish of a {@link #wakeUp} that came before a read: then there is no use in waiting. */
    boolean takeWakeUp() {
        boolean was = wokenUp || ended;
        wokenUp = false;
        return was;
    }

    /**
     * Sends a command that may wait at the server for a time, and waits for its answer.
     *
     * @param block for how long the server waits at most, in the command's own terms
     */
    <T extends @Nullable Object> T read(
            String doing, Duration block, Function<RedisAsyncCommands<byte[], byte[]>, CompletionStage<T>> command)
            throws InterruptedException {
        CompletionStage<T> answer = command.apply(waiting.async());
        underWay = answer;
        try {
            if (wokenUp) {
                unblock(answer);
            }
            return connections.await(doing, answer, block.plus(connections.config.socketTimeout()));
        } finally {
            underWay = null;
            wokenUp = false;
        }
    }

    /** Ends a read that waits, or keeps the next one from waiting. Any thread; never blocks. */
    void wakeUp() {
        wokenUp = true;
        CompletionStage<?> answer = underWay;
        if (answer != null) {
            unblock(answer);
        }
    }

    /** Ends a read that waits, lets no other one wait, and returns when the server has nothing to answer any more. */
    void end(Duration limit) throws InterruptedException {
        ended = true;
        wakeUp();
        CompletionStage<?> answer = underWay;
        if (answer != null && waiting.isOpen()) {
            connections.await("ending a wait", answer, limit);
        }
    }

    /** Once for each read, however often it is wished. */
    private void unblock(CompletionStage<?> answer) {
        if (unblocking.getAndSet(answer) != answer) {
            unblock(answer, 1);
        }
    }

    /**
     * The command may still be on its way to the server, which then has nothing to unblock: asked again until there is an answer, or the
     * session is over. That is a matter of moments, but for a connection that is half dead: so after pauses that grow.
     */
    private void unblock(CompletionStage<?> answer, long pauseMillis) {
        if (!answer.toCompletableFuture().isDone()) {
            other.async().clientUnblock(clientId, UnblockType.TIMEOUT).whenComplete((unblocked, error) -> {
                if (error != null) {
                    unblocking.compareAndSet(answer, null); // the next wish asks anew
                } else if (unblocked == 0) {
                    other.getResources()
                            .eventExecutorGroup()
                            .schedule(
                                    () -> unblock(answer, Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS)),
                                    pauseMillis,
                                    TimeUnit.MILLISECONDS);
                }
            });
        }
    }
}
