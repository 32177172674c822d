package io.pythia.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SocketOptions.KeepAliveOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.SslVerifyMode;
import io.lettuce.core.StaticCredentialsProvider;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.internal.Pem;
import io.pythia.spi.Settlement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one session: all lead to one server, the one that has the key. None is ever repaired: when one breaks, all are closed
 * and the session is over, so that the client can neither repeat a command nor lose one. Thread-safe.
 */
final class RedisConnections implements AutoCloseable {
    /** Beyond what a {@link RedisSender} has under way, for a ping and the like. */
    private static final int REQUEST_QUEUE = RedisSender.WINDOW + 1_000;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    final String name;
    final RedisConfig config;
    private final Consumer<BrokerException> onLost;
    private final LongSupplier nanoTime;
    private final AtomicReference<@Nullable BrokerException> failure = new AtomicReference<>();
    private final List<StatefulRedisConnection<byte[], byte[]>> open = new CopyOnWriteArrayList<>();
    private final List<CompletionStage<?>> attempts = new CopyOnWriteArrayList<>();
    private final List<AbstractRedisClient> clients = new CopyOnWriteArrayList<>();
    private final AtomicInteger unanswered = new AtomicInteger();
    private final SessionTimer timer = new SessionTimer();
    private @Nullable ClientResources resources;
    private @Nullable RedisURI server;
    private volatile long lastAnswerAt;
    private volatile boolean closing;

    RedisConnections(String name, RedisConfig config) {
        this(name, config, cause -> {});
    }

    /** Creates one that tells who has nothing to wait for when the session is over. */
    RedisConnections(String name, RedisConfig config, Consumer<BrokerException> onLost) {
        this(name, config, onLost, System::nanoTime);
    }

    /** For tests of what comes between two looks at the clock. */
    RedisConnections(String name, RedisConfig config, Consumer<BrokerException> onLost, LongSupplier nanoTime) {
        this.name = name;
        this.config = config;
        this.onLost = onLost;
        this.nanoTime = nanoTime;
    }

    /** Finds the server that has a key: the one of the configuration, the master, or the master of the key's slot. */
    void open(byte[] key) throws InterruptedException {
        resources = ClientResources.builder()
                .ioThreadPoolSize(2)
                .computationThreadPoolSize(2)
                .threadFactoryProvider(pool -> new DefaultThreadFactory("pythia-" + name + "-" + pool, true))
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .timer(timer)
                .build();
        server = config.isCluster() ? masterOf(key, resources) : configuredServer();
    }

    private RedisURI configuredServer() {
        if (!config.isSentinel()) {
            return withCredentials(RedisURI.Builder.redis(config.host(), config.port()));
        }
        RedisURI.Builder uri = RedisURI.builder().withSentinelMasterId(config.sentinelMaster());
        for (String each : config.sentinels()) {
            RedisConfig.Address address = RedisConfig.Address.parse("sentinels", each);
            RedisURI.Builder sentinel = secured(RedisURI.Builder.redis(address.host(), address.port()));
            Secret password = config.sentinelPassword();
            if (password != null) {
                sentinel.withAuthentication(credentials(null, password));
            }
            uri.withSentinel(sentinel.withTimeout(config.responseTimeout()).build());
        }
        return withCredentials(uri);
    }

    private RedisURI masterOf(byte[] key, ClientResources shared) throws InterruptedException {
        List<RedisURI> seeds = new ArrayList<>();
        for (String each : config.nodes()) {
            RedisConfig.Address address = RedisConfig.Address.parse("nodes", each);
            seeds.add(withCredentials(RedisURI.Builder.redis(address.host(), address.port())));
        }
        RedisClusterClient cluster = RedisClusterClient.create(shared, seeds);
        clients.add(cluster);
        cluster.setOptions(ClusterClientOptions.builder(options()).build());
        connected("reading the cluster's topology", cluster.refreshPartitionsAsync());
        return masterOf(key, cluster);
    }

    private RedisURI masterOf(byte[] key, RedisClusterClient cluster) {
        int slot = SlotHash.getSlot(key);
        RedisClusterNode master = cluster.getPartitions().getMasterBySlot(slot);
        if (master == null) {
            throw new BrokerConnectionException(name + ": no node of the cluster has the slot " + slot + " now");
        }
        RedisURI found = master.getUri();
        return withCredentials(RedisURI.Builder.redis(found.getHost(), found.getPort()));
    }

    private RedisURI withCredentials(RedisURI.Builder uri) {
        secured(uri).withDatabase(config.db()).withTimeout(config.responseTimeout());
        Secret password = config.password();
        if (password != null) {
            uri.withAuthentication(credentials(config.username(), password));
        }
        if (config.clientName() != null) {
            uri.withClientName(config.clientName());
        }
        return uri.build();
    }

    /**
     * Credentials that the client takes at once. For those given as texts it goes through the common pool, whose thread, when the server
     * refuses them, may find the connection closed before it has said why: "Connection closed prematurely" in place of WRONGPASS.
     */
    private static RedisCredentialsProvider credentials(@Nullable String username, Secret password) {
        return new StaticCredentialsProvider(username, password.reveal().toCharArray());
    }

    private RedisURI.Builder secured(RedisURI.Builder uri) {
        if (config.tlsEnabled()) {
            TlsConfig tls = config.tls();
            uri.withSsl(true)
                    .withVerifyPeer(tls == null || tls.verifyHostname() ? SslVerifyMode.FULL : SslVerifyMode.CA);
        }
        return uri;
    }

    private ClientOptions options() {
        ClientOptions.Builder options = ClientOptions.builder()
                .autoReconnect(false)
                .replayFilter(command -> true)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .requestQueueSize(REQUEST_QUEUE)
                .timeoutOptions(TimeoutOptions.create())
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(config.socketConnectTimeout())
                        .keepAlive(KeepAliveOptions.builder()
                                .enable(config.socketKeepalive())
                                .idle(Duration.ofSeconds(30))
                                .interval(Duration.ofSeconds(10))
                                .count(3)
                                .build())
                        .build());
        TlsConfig tls = config.tls();
        if (tls != null) {
            options.sslOptions(sslOptions(tls));
        }
        return options.build();
    }

    private SslOptions sslOptions(TlsConfig tls) {
        tls.sslContext(); // says what is wrong with a file, which the client does not
        SslOptions.Builder ssl = SslOptions.builder().jdkSslProvider().handshakeTimeout(config.socketConnectTimeout());
        Path ca = tls.caFile();
        if (ca != null) {
            ssl.trustManager(ca.toFile());
        }
        Path certificate = tls.certificateFile();
        Path key = tls.keyFile();
        if (certificate != null && key != null) {
            Pem.privateKey("keyFile", key);
            ssl.keyManager(certificate.toFile(), key.toFile(), new char[0]);
        }
        return ssl.build();
    }

    /** Opens a connection for commands. */
    StatefulRedisConnection<byte[], byte[]> connect() throws InterruptedException {
        RedisClient client = client();
        return opened(connecting(() -> client.connectAsync(ByteArrayCodec.INSTANCE, server())));
    }

    /** Opens a connection for subscriptions. */
    StatefulRedisPubSubConnection<byte[], byte[]> connectPubSub(RedisURI server) throws InterruptedException {
        RedisClient client = client();
        return opened(connecting(() -> client.connectPubSubAsync(ByteArrayCodec.INSTANCE, server)));
    }

    /** Returns the server of this session. */
    RedisURI server() {
        return Objects.requireNonNull(server, "the session is not open");
    }

    /** Returns the server that has another key. */
    RedisURI server(byte[] key) {
        for (AbstractRedisClient client : clients) {
            if (client instanceof RedisClusterClient cluster) {
                return masterOf(key, cluster);
            }
        }
        return server();
    }

    private RedisClient client() {
        if (open.size() >= config.maxConnections()) {
            throw new BrokerException(
                    name + ": needs more connections than maxConnections allows, which is " + config.maxConnections());
        }
        for (AbstractRedisClient client : clients) {
            if (client instanceof RedisClient usable) {
                return usable;
            }
        }
        RedisClient client = RedisClient.create(Objects.requireNonNull(resources));
        clients.add(client);
        client.setOptions(options());
        return client;
    }

    private <C extends StatefulRedisConnection<byte[], byte[]>> C opened(C connection) {
        open.add(connection);
        connection.addListener(new RedisConnectionStateListener() {
            @Override
            public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                lose(new BrokerConnectionException(name + ": the connection to the server was lost"));
            }
        });
        if (!connection.isOpen()) {
            lose(new BrokerConnectionException(name + ": the connection to the server was lost"));
        }
        return connection;
    }

    /** Connects, a second time if the client does not know why it could not. */
    private <C> C connecting(Supplier<? extends CompletionStage<C>> attempt) throws InterruptedException {
        CompletionStage<C> twice = attempt.get()
                .toCompletableFuture()
                .exceptionallyCompose(
                        error -> RedisErrors.isUnknown(error) ? attempt.get() : CompletableFuture.failedFuture(error));
        return connected("connecting", twice);
    }

    private <T extends @Nullable Object> T connected(String doing, CompletionStage<T> attempt)
            throws InterruptedException {
        attempts.add(attempt);
        T result = await(doing, attempt, config.socketConnectTimeout().plus(config.responseTimeout()));
        attempts.remove(attempt);
        return result;
    }

    /** Ends the session: closes all connections, which ends what waits for an answer. Any thread; never blocks. */
    void lose(BrokerException cause) {
        if (!closing && failure.compareAndSet(null, cause)) {
            open.forEach(StatefulRedisConnection::closeAsync);
            onLost.accept(cause);
        }
    }

    /** Throws why the session is over, if it is. */
    void check() {
        BrokerException cause = failure.get();
        if (cause != null) {
            throw cause;
        }
    }

    /** Waits for an answer; ends the session if none comes, or if the error says that a new one is needed. */
    <T extends @Nullable Object> T await(String doing, CompletionStage<? extends T> answer, Duration limit)
            throws InterruptedException {
        try {
            return answer.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | java.util.concurrent.CancellationException e) {
            check();
            throw failed(doing, e);
        } catch (TimeoutException e) {
            throw failed(doing, new TimeoutException("no answer within " + limit));
        }
    }

    /** Waits for an answer for as long as a server may take for one. */
    <T extends @Nullable Object> T await(String doing, CompletionStage<? extends T> answer)
            throws InterruptedException {
        return await(doing, answer, config.responseTimeout());
    }

    /** Translates an error, and ends the session if it says that a new one is needed. */
    BrokerException failed(String doing, Throwable error) {
        BrokerException translated = RedisErrors.translate(name + ": " + doing, error);
        if (RedisErrors.endsSession(error)) {
            lose(translated);
        }
        return translated;
    }

    /** Tells of a command whose answer nobody waits for. */
    void asked() {
        if (unanswered.get() == 0) {
            lastAnswerAt = nanoTime.getAsLong(); // before it counts: an idle time is no silence
        }
        unanswered.incrementAndGet();
    }

    /** Tells of the answer. */
    void answered() {
        lastAnswerAt = nanoTime.getAsLong();
        unanswered.decrementAndGet();
    }

    /** Ends the session, and throws, if answers are owed and none has come for too long. */
    void checkSilence() {
        if (unanswered.get() > 0
                && nanoTime.getAsLong() - lastAnswerAt
                        > config.responseTimeout().toNanos()) {
            lose(new BrokerTimeoutException(name + ": no answer from the server within " + config.responseTimeout()
                    + "; is it overloaded, or the network cut?"));
            check();
        }
    }

    /** Fails settlements that were not applied. */
    void failed(List<? extends Settlement<?>> batch, Throwable error) {
        BrokerException translated = failed("settling messages", error);
        batch.forEach(each -> each.fail(translated));
    }

    /** Asks for a sign of life on one connection. */
    void ping(@Nullable StatefulRedisConnection<byte[], byte[]> connection) throws InterruptedException {
        check();
        if (connection == null) {
            throw new BrokerConnectionException(name + " is not connected");
        }
        CompletionStage<String> answer = connection.async().ping();
        connection.flushCommands();
        await("asking for a sign of life", answer);
    }

    @Override
    public void close() {
        closing = true;
        // A client that is shut down in the middle of one may leave its socket open.
        attempts.forEach(RedisConnections::waitFor);
        timer.stop();
        for (AbstractRedisClient client : clients) {
            waitFor(client.shutdownAsync(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS));
        }
        ClientResources shared = resources;
        if (shared != null) {
            shared.shutdown(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .awaitUninterruptibly(CLOSE_TIMEOUT.toMillis());
        }
    }

    private static void waitFor(CompletionStage<?> done) {
        try {
            done.toCompletableFuture().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | java.util.concurrent.CancellationException e) {
            // what is left of it is the operating system's
        }
    }

    /** Returns text as the server sees it. */
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
