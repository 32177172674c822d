package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options whose effect only a server, or the other end of a connection, can show. */
@Timeout(180)
class RedisOptionsIT extends RedisServerFixture {
    private static final RetryConfig NEVER_AGAIN =
            new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);

    private RedisConfig.Builder config() {
        return RedisServers.config(server.address()).toBuilder();
    }

    private RedisStreamsConsumer.Builder consumer(String key) {
        return RedisStreamsConsumer.builder().stream(key).consumerGroup("g").config(config().build());
    }

    private static String newKey() {
        return "options-" + UUID.randomUUID();
    }

    @Test
    void clientName_isWhatTheServerLists() {
        RedisConfig named = config().clientName("billing-7").build();
        try (RedisStreamsConsumer consumer = consumer(newKey()).config(named).build()) {
            TestSubscriber.get(consumer.connect());
            assertThat(String.valueOf(server.call("CLIENT", "LIST"))).contains("name=billing-7");
        }
        eventually(
                "its connections to be closed",
                () -> !String.valueOf(server.call("CLIENT", "LIST")).contains("billing-7"));
    }

    @Test
    void bodyField_isWrittenAndRead() {
        String key = newKey();
        try (RedisStreamsProducer producer = RedisStreamsProducer.builder().stream(key)
                        .bodyField("payload")
                        .config(config().build())
                        .build();
                RedisStreamsConsumer consumer =
                        consumer(key).bodyField("payload").build()) {
            TestSubscriber.get(producer.send(
                    Message.builder().body("b").header("body", "a header").build()));
            assertThat(String.valueOf(server.call("XRANGE", key, "-", "+"))).contains("payload, b, body, a header");
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            assertThat(message.text()).isEqualTo("b");
            assertThat(message.headers().get("body")).isEqualTo("a header");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {">", "0", "$", "5-0"})
    void startId_isWhereANewGroupBegins(String startId) {
        String key = newKey();
        server.call("XADD", key, "4-0", "body", "four");
        server.call("XADD", key, "6-0", "body", "six");
        try (RedisStreamsConsumer consumer = consumer(key).startId(startId).build()) {
            TestSubscriber.get(consumer.connect());
            server.call("XADD", key, "8-0", "body", "eight");
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            eventually("the last one", () -> subscriber.texts().contains("eight"));
            assertThat(subscriber.texts())
                    .isEqualTo(
                            switch (startId) {
                                case "$" -> List.of("eight");
                                case "5-0" -> List.of("six", "eight");
                                default -> List.of("four", "six", "eight");
                            });
        }
    }

    /** With the default of five seconds it would take longer than this waits. */
    @Test
    void blockTime_isHowLongOneReadWaits() {
        try (RedisStreamsConsumer consumer =
                consumer(newKey()).blockTime(Duration.ofMillis(50)).build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            server.call("CONFIG", "RESETSTAT");
            eventually("many reads of a stream without entries", () -> reads() > 60);
        }
    }

    private long reads() {
        String stats = String.valueOf(server.call("INFO", "commandstats"));
        int at = stats.indexOf("cmdstat_xreadgroup:calls=");
        return at < 0 ? 0 : Long.parseLong(stats.substring(stats.indexOf('=', at) + 1, stats.indexOf(',', at)));
    }

    @Test
    void socketTimeout_isHowLongABlockingReadMayBeSilentBeyondItsBlockTime() {
        try (FaultProxy proxy = new FaultProxy("127.0.0.1", server.port())) {
            RedisConfig quick = RedisServers.config("127.0.0.1:" + proxy.port()).toBuilder()
                    .socketTimeout(Duration.ofMillis(1_234))
                    .responseTimeout(Duration.ofHours(1))
                    .build();
            String key = newKey();
            Outages outages = new Outages();
            try (RedisStreamsConsumer consumer = consumer(key)
                    .blockTime(Duration.ofMillis(100))
                    .claimMinIdle(Duration.ZERO) // a claim waits for an answer for as long as responseTimeout
                    .config(quick)
                    .connectTimeout(Duration.ofSeconds(2))
                    .closeTimeout(Duration.ofMillis(100))
                    .listener(outages)
                    .build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                server.call("XADD", key, "*", "body", "x");
                subscriber.await(1); // from here on it only reads
                proxy.drop(Direction.TO_CLIENT);
                eventually("the loss", () -> outages.lost() > 0);
                assertThat(outages.causes().get(0)).hasStackTraceContaining("PT1.334S");
            }
        }
    }

    /** A listener whose queue of connections is full answers no more: the next attempt hangs. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void socketConnectTimeout_isHowLongOneConnectionMayTake() throws IOException {
        List<Socket> waiting = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            fill(full, waiting);
            RedisConfig quick = RedisServers.config("127.0.0.1:" + full.getLocalPort()).toBuilder()
                    .socketConnectTimeout(Duration.ofMillis(321))
                    .build();
            try (RedisStreamsConsumer consumer = consumer(newKey())
                    .config(quick)
                    .connectTimeout(Duration.ofHours(1))
                    .retry(NEVER_AGAIN)
                    .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                        .isInstanceOf(BrokerException.class)
                        .hasMessageContaining("321 ms");
                assertThat(TestSubscriber.get(consumer.healthCheck()).status()).isEqualTo(Health.Status.DOWN);
            }
        } finally {
            for (Socket each : waiting) {
                each.close();
            }
        }
    }

    private static void fill(ServerSocket listener, List<Socket> waiting) throws IOException {
        try {
            for (int i = 0; i < 100; i++) {
                Socket socket = new Socket();
                waiting.add(socket);
                socket.connect(new InetSocketAddress("127.0.0.1", listener.getLocalPort()), 500);
            }
        } catch (SocketTimeoutException e) {
            return;
        }
        throw new IllegalStateException("the queue of connections has no end");
    }

    /** The kernel's table says which timer a connection has: 02 is the one of keep-alive. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @EnabledOnOs(OS.LINUX)
    void socketKeepalive_isSetOnTheConnections(boolean keepalive) {
        // Around the server's proxy, whose connections are not ours.
        RedisConfig config = RedisServers.config("127.0.0.1:" + server.port()).toBuilder()
                .socketKeepalive(keepalive)
                .clientName("alive-" + keepalive)
                .build();
        try (RedisStreamsConsumer consumer = consumer(newKey()).config(config).build()) {
            TestSubscriber.get(consumer.connect());
            List<String> ours = String.valueOf(server.call("CLIENT", "LIST"))
                    .lines()
                    .filter(line -> line.contains("name=alive-" + keepalive))
                    .map(line -> line.replaceAll(".* addr=[^ ]*:(\\d+) .*", "$1"))
                    .toList();
            assertThat(ours).hasSizeGreaterThanOrEqualTo(2);
            for (String port : ours) {
                eventually(
                        "the timer of " + port,
                        () -> timer(Integer.parseInt(port)).equals(keepalive ? "02" : "00"));
            }
        }
    }

    private String timer(int localPort) {
        String local = String.format(Locale.ROOT, ":%04X", localPort);
        String remote = String.format(Locale.ROOT, ":%04X", server.port());
        try {
            List<String> table = new ArrayList<>(Files.readAllLines(Path.of("/proc/self/net/tcp")));
            table.addAll(
                    Files.readAllLines(Path.of("/proc/self/net/tcp6"))); // an IPv4 address in it is one of the JDK's
            return table.stream()
                    .map(line -> line.trim().split("\\s+"))
                    .filter(words -> words[1].endsWith(local) && words[2].endsWith(remote))
                    .map(words -> words[5].substring(0, 2))
                    .findFirst()
                    .orElse("none");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void bufferBytes_boundWhatWaitsForTheSubscriber() {
        String channel = newKey();
        try (RedisPubSubConsumer consumer = RedisPubSubConsumer.builder()
                .channels(channel)
                .bufferBytes(1_000)
                .overflow(BufferOverflow.DROP_NEW)
                .config(config().build())
                .build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.requesting(0);
            consumer.consume().subscribe(subscriber);
            for (int i = 0; i < 30; i++) {
                server.call("PUBLISH", channel, "x".repeat(300));
            }
            TestSubscriber.get(consumer.healthCheck()); // its answer comes behind the messages
            subscriber.request(100);
            subscriber.await(3);
            server.call("PUBLISH", channel, "last");
            assertThat(subscriber.await(4).get(3).text()).isEqualTo("last");
        }
    }

    /** Regression M3: what waits for a server that is away is bounded. */
    @Test
    void serverAway_sendsBeyondTheLimit_areRefusedAtOnce() {
        server.pause();
        try (MessageProducer producer = RedisKind.STREAMS.producer(
                "bounded",
                config().build(),
                RedisKind.producerOptions().withMaxInFlightBytes(1 << 20).withCloseTimeout(Duration.ofSeconds(1)))) {
            int refused = 0;
            for (int i = 0; i < 5_000; i++) {
                if (producer.send(Message.of(new byte[1024])).isCompletedExceptionally()) {
                    refused++;
                }
            }
            assertThat(refused).isGreaterThan(4_000);
        } finally {
            server.resume();
        }
    }
}
