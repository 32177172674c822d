package io.pythia.redis;

import io.lettuce.core.KeyValue;
import io.lettuce.core.LMoveArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.cluster.SlotHash;
import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Takes from lists: into the consumer's own list of what it is processing, or, at most once, out of Redis. Waits for the first element on
 * a connection of its own; all else goes through another.
 */
final class RedisListReceiver implements ReceiveDriver<ListElement> {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
    /** A server can wait for the first queue only when it is to move what comes: the others are looked at that often. */
    private static final Duration SEVERAL_QUEUES = Duration.ofMillis(100);
    /** A server whose memory is full can't wait at all: the queues are looked at that often. */
    private static final Duration FULL_MEMORY = Duration.ofMillis(100);

    private final ListSource source;
    private final RedisConnections connections;
    private final String session = UUID.randomUUID().toString();
    private @Nullable StatefulRedisConnection<byte[], byte[]> commands;
    private @Nullable BlockingReads reads;
    private @Nullable ListClaims claims;

    // Only the receiving thread:
    private final long[] numbers;
    private long nextRecoveryAt = System.nanoTime();
    private final ReadAhead<ListElement> ahead = new ReadAhead<>();

    RedisListReceiver(ListSource source) {
        this.source = source;
        this.connections = new RedisConnections(source.name(), source.config());
        this.numbers = new long[source.queues().size()];
    }

    @Override
    public void open() throws InterruptedException {
        if (source.config().isCluster()
                && source.queues().stream()
                                .mapToInt(SlotHash::getSlot)
                                .distinct()
                                .count()
                        > 1) {
            throw new BrokerException(
                    source.name() + ": in a cluster all queues of a consumer must be at one node; give"
                            + " their names one {hash-tag}");
        }
        connections.open(RedisConnections.bytes(source.queues().get(0)));
        commands = connections.connect();
        reads = new BlockingReads(connections, commands);
        if (source.reliable()) {
            claims = new ListClaims(source, connections, commands);
            claims.start();
        }
    }

    @Override
    public List<Received<ListElement>> receive(int max, Duration wait) throws InterruptedException {
        connections.check();
        connections.checkSilence();
        ListClaims held = claims;
        if (held != null && System.nanoTime() - nextRecoveryAt >= 0) {
            held.recover();
            nextRecoveryAt = System.nanoTime() + source.deadAfter().toNanos() / 3;
        }
        List<Received<ListElement>> taken = ahead.take(max);
        if (taken.isEmpty()) {
            taken = held != null ? taken(held.take(max)) : pop(max);
            ahead.received(atOnce(max), taken.size());
        }
        BlockingReads open = Objects.requireNonNull(reads);
        if (!taken.isEmpty() || open.takeWakeUp() || wait.toMillis() <= 0) {
            return taken;
        }
        return held != null ? awaitAndTake(held, max, wait) : awaitAndPop(wait);
    }

    @Override
    public void prefetch(int max) {
        ahead.begin(atOnce(source.batchSize()), max, claims != null ? this::takeAhead : this::popAhead);
    }

    private int atOnce(int wanted) {
        return claims == null ? wanted : Math.min(wanted, ListClaims.CHUNK);
    }

    private ReadAhead.Read<ListElement> takeAhead(int max) {
        ListClaims held = Objects.requireNonNull(claims);
        CompletionStage<List<List<byte[]>>> answer = held.sendTake(max);
        return () -> taken(held.taken(answer));
    }

    /** Of the first queue only: it comes first, and one command pops from one. */
    private ReadAhead.Read<ListElement> popAhead(int max) {
        CompletionStage<List<byte[]>> answer = sendPop(source.keys(0)[0], max);
        return () -> popped(0, answer);
    }

    private List<Received<ListElement>> taken(List<List<byte[]>> ofEachQueue) {
        List<Received<ListElement>> received = new ArrayList<>();
        for (int i = 0; i < ofEachQueue.size(); i++) {
            add(received, i, ofEachQueue.get(i));
        }
        return received;
    }

    private List<Received<ListElement>> awaitAndTake(ListClaims held, int max, Duration wait)
            throws InterruptedException {
        byte[][] keys = source.keys(0);
        LMoveArgs ends =
                source.order() == ListOrder.FIFO ? LMoveArgs.Builder.rightLeft() : LMoveArgs.Builder.leftLeft();
        Duration block =
                shorter(shorter(wait, source.timeout()), source.deadAfter().dividedBy(3));
        Duration limited = source.queues().size() > 1 ? shorter(block, SEVERAL_QUEUES) : block;
        byte[] first;
        try {
            first = Objects.requireNonNull(reads)
                    .<byte @Nullable []>read(
                            "waiting for a message",
                            limited,
                            connection -> connection.blmove(keys[0], keys[1], ends, seconds(limited)));
        } catch (BrokerException e) {
            if (!RedisErrors.isAnswer(e, "OOM")) {
                throw e;
            }
            first = null;
            TimeUnit.NANOSECONDS.sleep(shorter(limited, FULL_MEMORY).toNanos());
        }
        List<Received<ListElement>> received = new ArrayList<>();
        if (first != null) {
            add(received, 0, List.of(first));
            held.takenOne();
            // Also when there is no room for more: it checks that the list is still this consumer's.
            received.addAll(taken(held.take(max - 1)));
        }
        return received;
    }

    private List<Received<ListElement>> pop(int max) throws InterruptedException {
        List<Received<ListElement>> received = popped(0, sendPop(source.keys(0)[0], max));
        for (int i = 1; i < source.queues().size() && received.size() < max; i++) {
            received.addAll(popped(i, sendPop(source.keys(i)[0], (long) max - received.size())));
        }
        return received;
    }

    private CompletionStage<List<byte[]>> sendPop(byte[] queue, long count) {
        RedisAsyncCommands<byte[], byte[]> open =
                Objects.requireNonNull(commands).async();
        return source.order() == ListOrder.FIFO ? open.rpop(queue, count) : open.lpop(queue, count);
    }

    private List<Received<ListElement>> popped(int queueIndex, CompletionStage<List<byte[]>> answer)
            throws InterruptedException {
        List<byte[]> bodies = connections.<@Nullable List<byte[]>>await("taking from a queue", answer);
        List<Received<ListElement>> received = new ArrayList<>(bodies == null ? 0 : bodies.size());
        if (bodies != null) {
            add(received, queueIndex, bodies);
        }
        return received;
    }

    private List<Received<ListElement>> awaitAndPop(Duration wait) throws InterruptedException {
        byte[][] queues = source.queues().stream().map(RedisConnections::bytes).toArray(byte[][]::new);
        Duration block = shorter(wait, source.timeout());
        KeyValue<byte[], byte[]> popped = Objects.requireNonNull(reads)
                .<@Nullable KeyValue<byte[], byte[]>>read(
                        "waiting for a message",
                        block,
                        connection -> source.order() == ListOrder.FIFO
                                ? connection.brpop(seconds(block), queues)
                                : connection.blpop(seconds(block), queues));
        List<Received<ListElement>> received = new ArrayList<>(1);
        for (int i = 0; popped != null && popped.hasValue() && i < queues.length; i++) {
            if (Arrays.equals(queues[i], popped.getKey())) {
                add(received, i, List.of(popped.getValue()));
            }
        }
        return received;
    }

    private void add(List<Received<ListElement>> to, int queueIndex, List<byte[]> bodies) {
        ListElement.Batch batch =
                new ListElement.Batch(queueIndex, source.queues().get(queueIndex), session, Instant.now());
        long number = numbers[queueIndex];
        for (byte[] body : bodies) {
            ListElement element = new ListElement(batch, body, number++);
            to.add(new Received<>(element, element));
        }
        numbers[queueIndex] = number;
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    /** Zero would be for ever. */
    private static double seconds(Duration block) {
        return Math.max(1, block.toMillis()) / 1000.0;
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<ListElement>> batch) {
        ListClaims held = claims;
        return held == null ? CompletableFuture.completedFuture(null) : held.settle(batch);
    }

    /** What was read ahead goes back to where it was taken. */
    @Override
    public void stopIntake() {
        ListClaims held = claims;
        try {
            List<Received<ListElement>> waiting = ahead.takeAll();
            if (!waiting.isEmpty()) {
                List<ListElement> elements =
                        waiting.stream().map(Received::receipt).toList();
                connections.await(
                        "giving back what was read ahead",
                        held != null ? held.giveBack(elements) : pushBack(elements),
                        STOP_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // then with all that is held, or, of a consumer that pops, never
        }
    }

    /** Of one queue: see {@link #popAhead}. What was taken first must be the first again. */
    private CompletionStage<?> pushBack(List<ListElement> elements) {
        return ListScripts.PUT_BACK.run(Objects.requireNonNull(commands), source.keys(0)[0], arguments -> {
            arguments.add(source.order() == ListOrder.FIFO ? "RPUSH" : "LPUSH");
            for (int i = elements.size() - 1; i >= 0; i--) {
                arguments.add(elements.get(i).body());
            }
        });
    }

    @Override
    public void wakeup() {
        BlockingReads open = reads;
        if (open != null) {
            open.wakeUp();
        }
    }

    @Override
    public void ping() throws InterruptedException {
        connections.ping(commands);
    }

    @Override
    public Map<String, String> facts() {
        return source.reliable() ? Map.of("consumer", source.consumer()) : Map.of();
    }

    /** No wait is left at the server, where an element would go to a consumer that is gone; what was not settled goes back to the queues. */
    @Override
    public void close() {
        BlockingReads open = reads;
        ListClaims held = claims;
        try {
            if (open != null) {
                open.end(STOP_TIMEOUT);
            }
            if (held != null) {
                held.stop(STOP_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // then others give it back when this consumer has been silent for long enough
        } finally {
            connections.close();
        }
    }
}
