package io.pythia.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.netty.util.concurrent.ScheduledFuture;
import io.pythia.BrokerConnectionException;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a reliable consumer holds: a list for each queue of what it is processing, and a token that says that it lives, renewed on a thread
 * of the client, whatever the application does. What takes and settles keeps its place at the server: {@link HeldElements} relies on it.
 */
final class ListClaims {
    /** So many in one command: a script's arguments have a limit, and a server must not be busy for long. */
    static final int CHUNK = 500;

    private final ListSource source;
    private final RedisConnections connections;
    private final StatefulRedisConnection<byte[], byte[]> connection;
    private final byte[] token = RedisConnections.bytes(UUID.randomUUID().toString());
    private final byte[] consumer;
    private final byte[] side;
    private final byte[] millis;
    private final byte[][] keys;
    private final HeldElements[] held;
    private @Nullable ScheduledFuture<?> heartbeat;

    ListClaims(ListSource source, RedisConnections connections, StatefulRedisConnection<byte[], byte[]> connection) {
        this.source = source;
        this.connections = connections;
        this.connection = connection;
        this.consumer = RedisConnections.bytes(source.consumer());
        this.side = RedisConnections.bytes(source.side());
        this.millis = RedisConnections.bytes(Long.toString(source.deadAfter().toMillis()));
        this.keys = source.allKeys();
        this.held = new HeldElements[source.queues().size()];
        Arrays.setAll(held, i -> new HeldElements());
    }

    /** One was moved into the list of the first queue, in place of {@link #take}. */
    void takenOne() {
        held[0].taken(1);
    }

    /** Begins: what an earlier session under this name has left goes back to the queues. */
    void start() throws InterruptedException {
        for (int i = 0; i < source.queues().size(); i++) {
            connections.await(
                    "taking up the consumer's list",
                    ListScripts.START.<Long>run(
                            connection, ScriptOutputType.INTEGER, source.keys(i), token, millis, consumer, side));
        }
        long interval = source.deadAfter().toMillis() / 3;
        heartbeat = connection
                .getResources()
                .eventExecutorGroup()
                .scheduleAtFixedRate(this::live, interval, interval, TimeUnit.MILLISECONDS);
    }

    private void live() {
        ListScripts.LIVE
                .<Long>run(connection, ScriptOutputType.INTEGER, keys, token, millis, consumer)
                .whenComplete((alive, error) -> {
                    if (error != null) {
                        connections.failed("giving a sign of life", error);
                    } else if (alive == 0) {
                        connections.lose(givenUp());
                    }
                });
    }

    private BrokerConnectionException givenUp() {
        return new BrokerConnectionException(connections.name + ": the consumer " + source.consumer()
                + " gave no sign of life for deadAfter (" + source.deadAfter()
                + "), or another one has its name; what it held is somebody else's now");
    }

    /** Takes what is there, in the order of the queues; a list for each. */
    List<List<byte[]>> take(int max) throws InterruptedException {
        return taken(sendTake(max));
    }

    CompletionStage<List<List<byte[]>>> sendTake(int max) {
        return ListScripts.TAKE.runInItsPlace(
                connection,
                ScriptOutputType.MULTI,
                keys,
                token,
                RedisConnections.bytes(Integer.toString(Math.min(max, CHUNK))),
                side);
    }

    /** Waits for what was taken. */
    List<List<byte[]>> taken(CompletionStage<List<List<byte[]>>> answer) throws InterruptedException {
        List<List<byte[]>> taken = connections.await("taking from the queues", answer);
        if (taken.isEmpty()) {
            BrokerConnectionException lost = givenUp();
            connections.lose(lost);
            throw lost;
        }
        for (int i = 0; i < held.length; i++) {
            held[i].taken(taken.get(i).size());
        }
        return taken;
    }

    /** Gives back what dead consumers have left, of all queues. */
    void recover() throws InterruptedException {
        for (String queue : source.queues()) {
            byte[] registry = source.keys(queue, source.consumer())[2];
            for (byte[] each : connections.await(
                    "looking for dead consumers", connection.async().zrange(registry, 0, -1))) {
                String name = RedisMessages.text(each);
                if (!name.equals(source.consumer())) {
                    connections.await(
                            "giving back what a dead consumer has left",
                            ListScripts.RECOVER.<Long>run(
                                    connection, ScriptOutputType.INTEGER, source.keys(queue, name), each, side));
                }
            }
        }
    }

    CompletableFuture<?> settle(List<? extends Settlement<ListElement>> batch) {
        List<CompletableFuture<?>> parts = new ArrayList<>(1);
        List<Settlement<ListElement>> chunk = new ArrayList<>(batch.size());
        for (Settlement<ListElement> each : batch) {
            if (!chunk.isEmpty() && (chunk.size() == CHUNK || !belongTogether(chunk.get(0), each))) {
                parts.add(settleChunk(chunk));
                chunk = new ArrayList<>();
            }
            chunk.add(each);
        }
        parts.add(settleChunk(chunk));
        return parts.size() == 1 ? parts.get(0) : CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    private static boolean belongTogether(Settlement<ListElement> a, Settlement<ListElement> b) {
        return a.outcome() == b.outcome()
                && a.receipt().queueIndex() == b.receipt().queueIndex();
    }

    private CompletableFuture<?> settleChunk(List<? extends Settlement<ListElement>> chunk) {
        int queue = chunk.get(0).receipt().queueIndex();
        boolean areOldest = held[queue].areOldest(chunk);
        CompletionStage<List<Object>> answer;
        connections.asked();
        if (areOldest && chunk.get(0).outcome() == Outcome.ACK) {
            answer = ListScripts.ACK_OLDEST
                    .<Long>runInItsPlace(
                            connection,
                            ScriptOutputType.INTEGER,
                            source.keys(queue),
                            token,
                            RedisConnections.bytes(Integer.toString(chunk.size())))
                    .thenApply(applied -> applied == 1 ? List.of() : List.of(0L));
        } else {
            String doing = chunk.get(0).outcome() == Outcome.ACK
                    ? "ACK"
                    : source.nackTarget().name();
            answer =
                    settle(queue, doing, chunk.stream().map(Settlement::receipt).toList());
        }
        return answer.handle((stale, error) -> {
                    connections.answered();
                    if (error != null) {
                        held[queue].confused();
                        connections.failed(chunk, error);
                    } else if (stale.contains(0L)) {
                        chunk.forEach(Settlement::stale);
                    } else if (!stale.isEmpty()) {
                        held[queue].confused();
                        stale.forEach(position ->
                                chunk.get(((Long) position).intValue() - 1).stale());
                    }
                    return null;
                })
                .toCompletableFuture();
    }

    private CompletionStage<List<Object>> settle(int queue, String doing, List<ListElement> elements) {
        byte[][] arguments = new byte[3 + elements.size()][];
        arguments[0] = token;
        arguments[1] = side;
        arguments[2] = RedisConnections.bytes(doing);
        for (int i = 0; i < elements.size(); i++) {
            arguments[3 + i] = elements.get(i).body();
        }
        return ListScripts.SETTLE.runInItsPlace(connection, ScriptOutputType.MULTI, source.keys(queue), arguments);
    }

    /** Puts back what was taken last, so that what was taken first of it is the first again. */
    CompletionStage<?> giveBack(List<ListElement> elements) {
        List<CompletableFuture<?>> parts = new ArrayList<>(1);
        for (int i = 0; i < held.length; i++) {
            int queue = i;
            List<ListElement> lastFirst = new ArrayList<>(
                    elements.stream().filter(each -> each.queueIndex() == queue).toList());
            Collections.reverse(lastFirst);
            if (!lastFirst.isEmpty()) {
                held[i].confused();
                parts.add(settle(i, NackTarget.HEAD.name(), lastFirst).toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    /** Ends: what is left goes back to the queues. */
    void stop(Duration limit) throws InterruptedException {
        ScheduledFuture<?> beating = heartbeat;
        if (beating == null) {
            return;
        }
        beating.cancel(false);
        connections.check();
        for (int i = 0; i < source.queues().size(); i++) {
            connections.await(
                    "giving back what is being processed",
                    ListScripts.STOP.<Long>run(
                            connection, ScriptOutputType.INTEGER, source.keys(i), token, consumer, side),
                    limit);
        }
    }
}
