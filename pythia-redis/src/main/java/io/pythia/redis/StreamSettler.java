package io.pythia.redis;

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
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Acknowledges and extends deliveries, many in one command, and only those that are still this consumer's. */
final class StreamSettler {
    /** So many in one command: a script's arguments and one XACK have a limit, and a server must not be busy for long. */
    private static final int CHUNK = 500;

    private final StreamSource source;
    private final RedisConnections connections;
    private final StatefulRedisConnection<byte[], byte[]> connection;
    private final byte[] stream;
    private final byte[] group;
    private final byte[] consumer;
    private volatile int generation;
    /**
     * How many entries should be pending for this consumer when the server comes to the next settlement; guarded by this. Reads ahead, which
     * go through the same connection, should have brought all that they ask for: if they bring fewer, or somebody takes some, fewer are.
     */
    private int pending;
    /** How many reads and settlements there are of which nobody knows what they have changed; guarded by this. */
    private int unknown;

    StreamSettler(
            StreamSource source, RedisConnections connections, StatefulRedisConnection<byte[], byte[]> connection) {
        this.source = source;
        this.connections = connections;
        this.connection = connection;
        this.stream = RedisConnections.bytes(source.stream());
        this.group = RedisConnections.bytes(source.group());
        this.consumer = RedisConnections.bytes(source.consumer());
    }

    int generation() {
        return generation;
    }

    /** The group is gone, and with it all that was pending in it. The receiving thread. */
    synchronized void nextGeneration() {
        pending = 0;
        unknown = 0;
        generation = generation + 1;
    }

    /** Sends a read on the connection of the settlements, which the server does in their order. The receiving thread. */
    synchronized <T> T readingAhead(int max, Supplier<T> read) {
        pending += max;
        return read.get();
    }

    /** So many entries came of a read ahead. The receiving thread. */
    synchronized void receivedAhead(int asked, int entries) {
        pending -= asked - entries;
    }

    /** Another read or a claim is under way. The receiving thread. */
    synchronized void reading() {
        unknown++;
    }

    /** So many entries came of it. The receiving thread. */
    synchronized void received(int entries) {
        unknown--;
        pending += entries;
    }

    /** A settlement has failed: it may have been applied, and comes again. */
    private synchronized void lostCount() {
        unknown++;
    }

    CompletableFuture<?> settle(List<? extends Settlement<StreamEntry>> batch) {
        if (source.noAck()) {
            return CompletableFuture.completedFuture(null);
        }
        List<Settlement<StreamEntry>> current = new ArrayList<>(batch.size());
        boolean ascending = true;
        for (Settlement<StreamEntry> each : batch) {
            if (each.receipt().generation != generation) {
                each.stale();
                continue;
            }
            ascending = ascending && (current.isEmpty() || BY_ID.compare(current.get(current.size() - 1), each) <= 0);
            current.add(each);
        }
        if (!ascending) {
            current.sort(BY_ID);
        }
        List<CompletableFuture<?>> parts = new ArrayList<>(1);
        for (int from = 0; from < current.size(); from += CHUNK) {
            parts.add(settleChunk(current.subList(from, Math.min(current.size(), from + CHUNK))));
        }
        return parts.size() == 1 ? parts.get(0) : CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new));
    }

    private static final Comparator<Settlement<StreamEntry>> BY_ID =
            (a, b) -> StreamPosition.compare(a.receipt().entryId(), b.receipt().entryId());

    /**
     * A chunk has one outcome: the engine keeps extensions apart, and does everything else but acknowledging itself. It never asks for less
     * than the whole lease, and there is no more: an idle time of zero.
     */
    private CompletableFuture<?> settleChunk(List<? extends Settlement<StreamEntry>> chunk) {
        String idle = chunk.get(0).outcome() == Outcome.ACK ? "" : "0";
        connections.asked();
        return run(idle, chunk.stream().map(Settlement::receipt).toList())
                .handle((stale, error) -> {
                    connections.answered();
                    answered(chunk, stale, error);
                    return null;
                })
                .toCompletableFuture();
    }

    /** Sets how much of their lease entries have left; returns those that are not this consumer's any more. */
    Set<StreamEntry> touch(List<StreamEntry> entries, Duration left) throws InterruptedException {
        Duration used = source.claimMinIdle().minus(left);
        String idle = Long.toString(used.isNegative() ? 0 : used.toMillis());
        Set<StreamEntry> stale = new HashSet<>();
        for (int from = 0; from < entries.size(); from += CHUNK) {
            List<StreamEntry> chunk = entries.subList(from, Math.min(entries.size(), from + CHUNK));
            Set<String> ids = ids(connections.await("keeping what was read ahead", run(idle, chunk)));
            chunk.stream().filter(each -> ids.contains(each.entryId())).forEach(stale::add);
        }
        return stale;
    }

    /** Acknowledges if there is no idle time. */
    private synchronized CompletionStage<List<Object>> run(String idle, List<StreamEntry> chunk) {
        int count = chunk.get(0).deliveries;
        boolean sameCount = chunk.stream().allMatch(each -> each.deliveries == count);
        String expected = idle.isEmpty() ? expected(chunk.size()) : "";
        return StreamScripts.SETTLE.run(connection, stream, arguments -> {
            arguments.add(group).add(consumer).add(idle).add(expected).add(sameCount ? Integer.toString(count) : "");
            for (StreamEntry each : chunk) {
                arguments.add(each.entryId());
            }
            for (int i = 0; !sameCount && i < chunk.size(); i++) {
                arguments.add(chunk.get(i).deliveries);
            }
        });
    }

    /** Returns how many entries should be pending, before so many of them are acknowledged; nothing if that is not known. */
    private String expected(int acknowledged) {
        String before = unknown > 0 ? "" : Integer.toString(pending);
        pending -= acknowledged;
        return before;
    }

    private void answered(
            List<? extends Settlement<StreamEntry>> chunk, @Nullable List<Object> stale, @Nullable Throwable error) {
        if (error != null && !RedisErrors.isAnswer(error, "NOGROUP")) {
            lostCount();
            connections.failed(chunk, error);
        } else if (stale == null) {
            chunk.forEach(Settlement::stale); // the group is gone, and with it what was pending
        } else if (!stale.isEmpty()) {
            Set<String> ids = ids(stale);
            chunk.stream()
                    .filter(each -> ids.contains(each.receipt().entryId()))
                    .forEach(Settlement::stale);
        }
    }

    private static Set<String> ids(List<Object> answer) {
        Set<String> ids = new HashSet<>();
        answer.forEach(id -> ids.add(RedisMessages.text((byte[]) id)));
        return ids;
    }
}
