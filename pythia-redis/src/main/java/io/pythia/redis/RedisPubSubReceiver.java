package io.pythia.redis;

import io.lettuce.core.RedisURI;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerListener.Gap;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Received;
import io.pythia.spi.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens to channels and patterns. What is published while no session listens is lost, which each new session tells of. One connection;
 * sharded channels of a cluster have one for each node that has some of them.
 */
final class RedisPubSubReceiver implements ReceiveDriver<ChannelMessage> {
    private static final long TELL_INTERVAL = Duration.ofSeconds(1).toNanos();

    private final ChannelSource source;
    private final RedisConnections connections;
    private final ChannelBuffer buffer;
    private final String session = UUID.randomUUID().toString();
    private final AtomicLong number = new AtomicLong();
    private final List<StatefulRedisPubSubConnection<byte[], byte[]>> open = new ArrayList<>();
    private volatile Instant lastHeard = Instant.now();
    private volatile boolean subscribed;
    private volatile boolean closing;
    private long nextTellAt = System.nanoTime();

    RedisPubSubReceiver(ChannelSource source) {
        this.source = source;
        this.buffer = new ChannelBuffer(source.name(), source.bufferSize(), source.bufferBytes(), source.overflow());
        this.connections = new RedisConnections(source.name(), source.config(), buffer::fail);
    }

    @Override
    public void open() throws InterruptedException {
        String first = source.channels().isEmpty()
                ? source.patterns().get(0)
                : source.channels().get(0);
        connections.open(RedisConnections.bytes(first));
        if (source.sharded()) {
            for (Map.Entry<RedisURI, List<byte[]>> node : byNode().entrySet()) {
                StatefulRedisPubSubConnection<byte[], byte[]> connection = listening(node.getKey());
                for (byte[] channel : node.getValue()) {
                    // One by one: several may be in different slots of one node.
                    connections.await("subscribing", connection.async().ssubscribe(channel));
                }
            }
        } else {
            StatefulRedisPubSubConnection<byte[], byte[]> connection = listening(connections.server());
            subscribe(source.channels(), connection.async()::subscribe);
            subscribe(source.patterns(), connection.async()::psubscribe);
        }
        subscribed = true;
        tellGap();
    }

    private interface Subscribe {
        CompletionStage<Void> to(byte[]... names);
    }

    private void subscribe(List<String> names, Subscribe command) throws InterruptedException {
        if (!names.isEmpty()) {
            connections.await(
                    "subscribing",
                    command.to(names.stream().map(RedisConnections::bytes).toArray(byte[][]::new)));
        }
    }

    private Map<RedisURI, List<byte[]>> byNode() {
        Map<RedisURI, List<byte[]>> nodes = new LinkedHashMap<>();
        for (String channel : source.channels()) {
            byte[] bytes = RedisConnections.bytes(channel);
            nodes.computeIfAbsent(connections.server(bytes), node -> new ArrayList<>())
                    .add(bytes);
        }
        return nodes;
    }

    private StatefulRedisPubSubConnection<byte[], byte[]> listening(RedisURI server) throws InterruptedException {
        StatefulRedisPubSubConnection<byte[], byte[]> connection = connections.connectPubSub(server);
        connection.addListener(new Listener());
        open.add(connection);
        return connection;
    }

    private void tellGap() {
        Instant since = source.gap().end();
        if (since != null) {
            tell(since.toString(), "the connection was lost; what was published meanwhile is lost too");
        }
    }

    private void tell(String from, String detail) {
        source.listener()
                .dataLoss(
                        source.name(),
                        new Gap(
                                String.join(",", source.channels()) + String.join(",", source.patterns()),
                                from,
                                Instant.now().toString(),
                                detail));
    }

    /** On the client's thread. */
    private final class Listener extends RedisPubSubAdapter<byte[], byte[]> {
        @Override
        public void message(byte[] channel, byte[] message) {
            put(channel, message);
        }

        @Override
        public void message(byte[] pattern, byte[] channel, byte[] message) {
            put(channel, message);
        }

        @Override
        public void smessage(byte[] channel, byte[] message) {
            put(channel, message);
        }

        private void put(byte[] channel, byte[] message) {
            ChannelMessage content =
                    new ChannelMessage(RedisMessages.text(channel), message, session, number.incrementAndGet());
            lastHeard = content.timestamp();
            buffer.put(content);
        }

        /** Nobody here unsubscribes: the channel's slot has moved to another node. */
        @Override
        public void sunsubscribed(byte[] channel, long count) {
            if (!closing) {
                connections.lose(
                        new BrokerConnectionException(source.name() + ": a sharded channel has moved to another node"));
            }
        }
    }

    @Override
    public List<Received<ChannelMessage>> receive(int max, Duration wait) throws InterruptedException {
        if (System.nanoTime() - nextTellAt >= 0) {
            long dropped = buffer.takeDropped();
            if (dropped > 0) {
                tell(
                        "",
                        dropped + " messages were dropped, by the policy " + source.overflow()
                                + ": the application is too slow for the channel");
                nextTellAt = System.nanoTime() + TELL_INTERVAL;
            }
        }
        return buffer.take(max, wait);
    }

    /** There is nothing to tell the server. */
    @Override
    public CompletableFuture<?> settle(List<? extends Settlement<ChannelMessage>> batch) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void wakeup() {
        buffer.wakeUp();
    }

    /** On the connections that listen: a half-open one would be silent for ever. */
    @Override
    public void ping() throws InterruptedException {
        connections.check();
        for (StatefulRedisPubSubConnection<byte[], byte[]> each : List.copyOf(open)) {
            connections.ping(each);
        }
        lastHeard = Instant.now();
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("buffered", Integer.toString(buffer.size()));
    }

    @Override
    public void close() {
        closing = true;
        if (subscribed) {
            source.gap().begin(lastHeard);
        }
        buffer.fail(new BrokerConnectionException(source.name() + " is disconnected"));
        connections.close();
    }
}
