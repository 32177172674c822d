package io.pythia.redis;

import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.pythia.spi.Outcome;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Acknowledges and extends deliveries, many in one command, and only those that are still this consumer's. */
final class StreamSettler {
    /** So many in one command: a script's arguments and one XACK have a limit, and a server must not be busy for long. */
    private static final int CHUNK = 500;

    private final StreamSource source;
    private final RedisConnections connections;
    private final StatefulRedisConnection<byte[], byte[]> connection;
    private final byte[][] keys;
    private final byte[] group;
    private final byte[] consumer;
    private volatile int generation;

    StreamSettler(
            StreamSource source, RedisConnections connections, StatefulRedisConnection<byte[], byte[]> connection) {
        this.source = source;
        this.connections = connections;
        this.connection = connection;
        this.keys = new byte[][] {RedisConnections.bytes(source.stream())};
        this.group = RedisConnections.bytes(source.group());
        this.consumer = RedisConnections.bytes(source.consumer());
    }

    int generation() {
        return generation;
    }

    /** The group is gone, and with it all that was pending in it. The receiving thread. */
    void nextGeneration() {
        generation = generation + 1;
    }

    CompletableFuture<?> settle(List<? extends Settlement<StreamEntry>> batch) {
        if (source.noAck()) {
            return CompletableFuture.completedFuture(null);
        }
        List<CompletableFuture<?>> parts = new ArrayList<>(1);
        // A batch has one outcome: the engine keeps extensions apart, and does everything else but acknowledging
        // itself.
        Outcome outcome = batch.get(0).outcome();
        byte[] idle = outcome == Outcome.ACK ? new byte[0] : idle(batch.get(0).delay());
        List<Settlement<StreamEntry>> sorted = new ArrayList<>(batch.size());
        for (Settlement<StreamEntry> each : batch) {
            if (each.receipt().generation == generation) {
                sorted.add(each);
            } else {
                each.stale();
            }
        }
        sorted.sort(BY_ID);
        for (int from = 0; from < sorted.size(); from += CHUNK) {
            parts.add(settle(sorted.subList(from, Math.min(sorted.size(), from + CHUNK)), idle));
        }
        return parts.size() == 1 ? parts.get(0) : CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    private static final Comparator<Settlement<StreamEntry>> BY_ID =
            (a, b) -> StreamPosition.compare(a.receipt().entryId(), b.receipt().entryId());

    /** An idle time of zero is a whole lease; a lease can't be longer than that. */
    private byte[] idle(Duration extension) {
        Duration used = source.claimMinIdle().minus(extension);
        return RedisConnections.bytes(Long.toString(used.isNegative() ? 0 : used.toMillis()));
    }

    private CompletableFuture<?> settle(List<? extends Settlement<StreamEntry>> chunk, byte[] idle) {
        byte[][] arguments = new byte[3 + 2 * chunk.size()][];
        arguments[0] = group;
        arguments[1] = consumer;
        arguments[2] = idle;
        for (int i = 0; i < chunk.size(); i++) {
            StreamEntry entry = chunk.get(i).receipt();
            arguments[3 + 2 * i] = RedisConnections.bytes(entry.entryId());
            arguments[4 + 2 * i] = RedisConnections.bytes(Integer.toString(entry.deliveries));
        }
        connections.asked();
        CompletionStage<List<byte[]>> answer =
                StreamScripts.SETTLE.run(connection, ScriptOutputType.MULTI, keys, arguments);
        return answer.handle((stale, error) -> {
                    connections.answered();
                    answered(chunk, stale, error);
                    return null;
                })
                .toCompletableFuture();
    }

    private void answered(
            List<? extends Settlement<StreamEntry>> chunk, @Nullable List<byte[]> stale, @Nullable Throwable error) {
        if (error != null && !RedisErrors.isAnswer(error, "NOGROUP")) {
            connections.failed(chunk, error);
        } else if (stale == null) {
            chunk.forEach(Settlement::stale); // the group is gone, and with it what was pending
        } else if (!stale.isEmpty()) {
            Set<String> ids = new HashSet<>();
            stale.forEach(id -> ids.add(RedisMessages.text(id)));
            chunk.stream()
                    .filter(each -> ids.contains(each.receipt().entryId()))
                    .forEach(Settlement::stale);
        }
    }
}
