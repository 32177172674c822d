package io.pythia.redis;

import io.lettuce.core.Consumer;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.XReadArgs.StreamOffset;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.pythia.BrokerException;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Receives as a member of a group: first what is pending for this consumer from an earlier session, then, from time to time, what others
 * have left behind, else what is new. Reads wait on a connection of their own; all else goes through another.
 */
final class RedisStreamsReceiver implements ReceiveDriver<StreamEntry> {
    private static final Duration CLAIM_INTERVAL = Duration.ofSeconds(1);
    private static final Duration RELEASE_TIMEOUT = Duration.ofSeconds(2);
    private static final String START = "0-0";

    private final StreamSource source;
    private final RedisConnections connections;
    private final byte[] stream;
    private final byte[] group;
    private final byte[] consumer;
    private final byte[] bodyField;
    private @Nullable StatefulRedisConnection<byte[], byte[]> commands;
    private @Nullable BlockingReads reads;
    private @Nullable StreamGroup streamGroup;
    private @Nullable StreamSettler settler;

    // Only the receiving thread:
    /** Behind which pending entry of this consumer to go on; null when all were read. */
    private @Nullable String historyFrom = START;

    private String claimFrom = START;
    private final ReadAhead<StreamEntry> ahead = new ReadAhead<>();
    private long nextClaimAt = System.nanoTime();

    RedisStreamsReceiver(StreamSource source) {
        this.source = source;
        this.connections = new RedisConnections(source.name(), source.config());
        this.stream = RedisConnections.bytes(source.stream());
        this.group = RedisConnections.bytes(source.group());
        this.consumer = RedisConnections.bytes(source.consumer());
        this.bodyField = RedisConnections.bytes(source.bodyField());
    }

    @Override
    public void open() throws InterruptedException {
        connections.open(stream);
        StatefulRedisConnection<byte[], byte[]> opened = connections.connect();
        commands = opened;
        settler = new StreamSettler(source, connections, opened);
        reads = new BlockingReads(connections, opened);
        streamGroup = new StreamGroup(source, connections, opened);
        streamGroup.ensure();
    }

    @Override
    public List<Received<StreamEntry>> receive(int max, Duration wait) throws InterruptedException {
        connections.check();
        connections.checkSilence();
        try {
            List<Received<StreamEntry>> next = wereReadAhead(max);
            if (next.isEmpty() && !source.noAck()) {
                next = pending(max);
            }
            return next.isEmpty() ? fresh(max, wait) : next;
        } catch (BrokerException e) {
            if (!StreamGroup.isGone(e)) {
                throw e;
            }
            ahead.clear();
            Objects.requireNonNull(settler).nextGeneration();
            Objects.requireNonNull(streamGroup).makeAgain(e);
            historyFrom = null;
            return List.of();
        }
    }

    /** What an earlier session or another consumer was given and has not settled. */
    private List<Received<StreamEntry>> pending(int max) throws InterruptedException {
        List<Received<StreamEntry>> found = List.of();
        String from = historyFrom;
        if (from != null) {
            Pending page = run("reading what is pending", StreamScripts.HISTORY, max, from);
            historyFrom = page.next.isEmpty() ? null : page.next;
            found = page.entries;
        } else if (isClaimDue()) {
            byte[] idle = number(source.claimMinIdle().toMillis());
            Pending page = run("claiming what others have left", StreamScripts.CLAIM, max, claimFrom, idle);
            claimFrom = page.next;
            boolean round = claimFrom.equals(START);
            nextClaimAt = System.nanoTime() + (round ? CLAIM_INTERVAL.toNanos() : 0);
            found = page.entries;
        }
        return found;
    }

    private boolean isClaimDue() {
        return !source.claimMinIdle().isZero() && System.nanoTime() - nextClaimAt >= 0;
    }

    private record Pending(String next, List<Received<StreamEntry>> entries) {}

    private Pending run(String doing, RedisScript script, int max, String from, byte[]... more)
            throws InterruptedException {
        byte[][] arguments = new byte[4 + more.length][];
        arguments[0] = group;
        arguments[1] = consumer;
        arguments[2] = number(max);
        arguments[3] = RedisConnections.bytes(from);
        System.arraycopy(more, 0, arguments, 4, more.length);
        Objects.requireNonNull(settler).reading();
        CompletionStage<List<Object>> answer =
                script.run(Objects.requireNonNull(commands), ScriptOutputType.MULTI, new byte[][] {stream}, arguments);
        List<Object> parts = connections.await(doing, answer);
        List<Received<StreamEntry>> entries = new ArrayList<>();
        List<?> counts = (List<?>) parts.get(2);
        for (Object each : (List<?>) parts.get(1)) {
            int deliveries = ((Long) counts.get(entries.size())).intValue();
            StreamEntry entry = entry(message((List<?>) each), deliveries);
            entries.add(new Received<>(entry, entry, deliveries, null));
        }
        Objects.requireNonNull(settler).received(entries.size());
        Objects.requireNonNull(streamGroup)
                .tellDeleted(((List<?>) parts.get(3))
                        .stream().map(id -> RedisMessages.text((byte[]) id)).toList());
        return new Pending(RedisMessages.text((byte[]) parts.get(0)), entries);
    }

    @SuppressWarnings("UndefinedEquals") // the client's own kind of map: nobody looks anything up in it
    private StreamMessage<byte[], byte[]> message(List<?> idAndFields) {
        Map<byte[], byte[]> fields = new LinkedHashMap<>();
        List<?> flat = (List<?>) idAndFields.get(1);
        for (int i = 0; i + 1 < flat.size(); i += 2) {
            fields.put((byte[]) flat.get(i), (byte[]) flat.get(i + 1));
        }
        return new StreamMessage<>(stream, RedisMessages.text((byte[]) idAndFields.get(0)), fields);
    }

    private StreamEntry entry(StreamMessage<byte[], byte[]> message, int deliveries) {
        int generation = Objects.requireNonNull(settler).generation();
        return new StreamEntry(message, source.stream(), bodyField, deliveries, generation);
    }

    /** Not before something else is to be done, which waits until nothing is left of what was read ahead. */
    @Override
    public void prefetch(int max) {
        if (!source.noAck() && historyFrom == null && !isClaimDue()) {
            ahead.begin(source.batchSize(), max, this::readAhead);
        }
    }

    /** On the connection of the settlements, since it does not wait for what is not there. */
    @SuppressWarnings("unchecked") // an array of one generic type
    private ReadAhead.Read<StreamEntry> readAhead(int max) {
        RedisAsyncCommands<byte[], byte[]> open =
                Objects.requireNonNull(commands).async();
        StreamSettler pending = Objects.requireNonNull(settler);
        CompletionStage<List<StreamMessage<byte[], byte[]>>> answer = pending.readingAhead(
                max,
                () -> open.xreadgroup(
                        Consumer.from(group, consumer),
                        XReadArgs.Builder.count(max),
                        StreamOffset.lastConsumed(stream)));
        return () -> {
            List<Received<StreamEntry>> received = received(connections.await("reading from the stream", answer));
            pending.receivedAhead(max, received.size());
            return received;
        };
    }

    /** What was read ahead, without what others have claimed while it was waiting here. */
    private List<Received<StreamEntry>> wereReadAhead(int max) throws InterruptedException {
        long lease = source.claimMinIdle().toNanos();
        List<Received<StreamEntry>> waiting = ahead.peek();
        while (!waiting.isEmpty() && lease > 0 && ahead.age() > lease / 3) {
            long now = System.nanoTime();
            Set<StreamEntry> lost = touch(waiting, source.claimMinIdle());
            ahead.keep(
                    waiting.stream()
                            .filter(each -> !lost.contains(each.receipt()))
                            .toList(),
                    now);
            waiting = ahead.peek(); // of the next read, if nothing is left of this one
        }
        List<Received<StreamEntry>> taken = ahead.take(max);
        seen(taken);
        return taken;
    }

    private Set<StreamEntry> touch(List<Received<StreamEntry>> entries, Duration left) throws InterruptedException {
        return Objects.requireNonNull(settler)
                .touch(entries.stream().map(Received::receipt).toList(), left);
    }

    @SuppressWarnings("unchecked") // an array of one generic type
    private List<Received<StreamEntry>> fresh(int max, Duration wait) throws InterruptedException {
        BlockingReads open = Objects.requireNonNull(reads);
        XReadArgs arguments = XReadArgs.Builder.count(max).noack(source.noAck());
        Duration block = open.takeWakeUp() ? Duration.ZERO : block(wait);
        if (!block.isZero()) {
            arguments.block(block);
        }
        StreamSettler pending = Objects.requireNonNull(settler);
        pending.reading();
        List<Received<StreamEntry>> received = received(open.read(
                "reading from the stream",
                block,
                connection -> connection.xreadgroup(
                        Consumer.from(group, consumer), arguments, StreamOffset.lastConsumed(stream))));
        pending.received(received.size());
        ahead.received(max, received.size());
        seen(received);
        return received;
    }

    private List<Received<StreamEntry>> received(@Nullable List<StreamMessage<byte[], byte[]>> messages) {
        if (messages == null) {
            messages = List.of();
        }
        List<Received<StreamEntry>> received = new ArrayList<>(messages.size());
        for (StreamMessage<byte[], byte[]> each : messages) {
            StreamEntry entry = entry(each, 1);
            received.add(new Received<>(entry, entry));
        }
        return received;
    }

    private void seen(List<Received<StreamEntry>> received) {
        if (!received.isEmpty()) {
            source.position().seen(received.get(received.size() - 1).receipt().entryId());
        }
    }

    /** As long as the engine allows, but no longer than the block time or the next look at what others have left; zero for not at all. */
    private Duration block(Duration wait) {
        Duration longest = wait.compareTo(source.blockTime()) < 0 ? wait : source.blockTime();
        long millis = longest.toMillis();
        if (!source.noAck() && !source.claimMinIdle().isZero()) {
            millis = Math.min(millis, (nextClaimAt - System.nanoTime()) / 1_000_000 + 1);
        }
        return Duration.ofMillis(Math.max(0, millis));
    }

    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<StreamEntry>> batch) {
        return Objects.requireNonNull(settler).settle(batch);
    }

    @Override
    public void wakeup() {
        BlockingReads open = reads;
        if (open != null) {
            open.wakeUp();
        }
    }

    /** What was read ahead can be claimed by any other from now on. */
    @Override
    public void stopIntake() {
        try {
            List<Received<StreamEntry>> waiting = ahead.takeAll();
            if (!waiting.isEmpty()) {
                touch(waiting, Duration.ZERO);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // then with all that is pending, when the session is closed
        }
    }

    @Override
    public Duration lease() {
        return source.noAck() ? Duration.ZERO : source.claimMinIdle();
    }

    @Override
    public boolean owns(StreamEntry receipt) {
        return receipt.generation == Objects.requireNonNull(settler).generation();
    }

    @Override
    public void ping() throws InterruptedException {
        connections.ping(commands);
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("consumer", source.consumer());
    }

    /** What is pending for this consumer can be claimed by any other from now on. */
    @Override
    public void close() {
        StatefulRedisConnection<byte[], byte[]> open = commands;
        try {
            connections.check();
            if (open != null && open.isOpen() && streamGroup != null && !source.noAck()) {
                CompletionStage<Long> released = StreamScripts.RELEASE.run(
                        open,
                        ScriptOutputType.INTEGER,
                        new byte[][] {stream},
                        group,
                        consumer,
                        number(source.claimMinIdle().toMillis()),
                        number(source.generatedConsumer() ? 1 : 0));
                connections.await("giving back what is pending", released, RELEASE_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (BrokerException e) {
            // then others claim it when it has been idle for long enough
        } finally {
            connections.close();
        }
    }

    private static byte[] number(long value) {
        return RedisConnections.bytes(Long.toString(value));
    }
}
