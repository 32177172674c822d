package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed and networks that fail, on a broker of its own: every message is counted. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RabbitMQFaultsIT {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private RabbitTestServer server;
    private FaultProxy proxy;

    @TempDir
    private Path folder;

    @BeforeAll
    void start() {
        server = TestServers.newRabbit(Map.of());
        proxy = server.proxy();
    }

    @AfterEach
    void heal() {
        proxy.heal();
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private Traffic traffic() {
        return RabbitTraffic.start(server, RabbitQueues.create(server.directAddress()));
    }

    private RabbitMQProducer producer(String queue) {
        return RabbitMQProducer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .closeTimeout(CLOSE_TIMEOUT)
                .build();
    }

    private RabbitMQConsumer consumer(String queue) {
        return RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .closeTimeout(CLOSE_TIMEOUT)
                .build();
    }

    /** The addresses are tried in random order. */
    @Test
    void addressesThatSwallowEverything_leaveTimeForTheOthers() throws IOException {
        String queue = RabbitQueues.create(server.directAddress());
        try (BlackHole one = new BlackHole();
                BlackHole another = new BlackHole()) {
            RabbitMQConfig config = RabbitMQConfig.builder()
                    .addresses(List.of(one.address(), server.directAddress(), another.address()))
                    .build();
            for (int i = 0; i < 4; i++) {
                try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                        .queue(queue)
                        .config(config)
                        .connectTimeout(Duration.ofSeconds(6))
                        .build()) {
                    TestSubscriber.get(consumer.connect());
                }
            }
        }
    }

    /** A port that answers nobody, as one behind a firewall: its listener accepts nothing, and its backlog is full. */
    private static final class BlackHole implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final List<Socket> waiting = new ArrayList<>();

        BlackHole() throws IOException {
            for (int i = 0; i < 4; i++) {
                Socket socket = new Socket();
                waiting.add(socket);
                try {
                    socket.connect(listener.getLocalSocketAddress(), 200);
                } catch (SocketTimeoutException e) {
                    return;
                }
            }
            throw new IllegalStateException("it answers");
        }

        String address() {
            return "127.0.0.1:" + listener.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : waiting) {
                socket.close();
            }
            listener.close();
        }
    }

    @Test // F01, M5
    void broker_killedUnderLoad_losesNothing_andAllComesBackByItself() {
        try (Traffic traffic = traffic()) {
            for (int kill = 0; kill < 4; kill++) {
                traffic.awaitMore(500);
                int lost = traffic.lost();
                server.kill();
                traffic.awaitHealth(Health.Status.DOWN);
                eventually("an event", () -> traffic.lost() > lost);
                server.start();
            }
            traffic.awaitMore(500);
            traffic.awaitHealth(Health.Status.UP);
            eventually("the end of each outage", () -> traffic.restored() >= 4);
            // It forgets the acknowledgements that it has not written, which may be those of a second or more.
            traffic.finish("broker killed 4 times", Integer.MAX_VALUE / 2);
        }
    }

    @Test // F03
    void broker_frozen_isNoticed_andAllGoesOnWhenItThaws() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(500);
            server.pause();
            try {
                eventually("an event", () -> traffic.lost() > 0);
                traffic.awaitHealth(Health.Status.DOWN);
            } finally {
                server.resume();
            }
            traffic.awaitMore(500);
            traffic.finish("broker frozen", RabbitTraffic.PREFETCH);
        }
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() {
        try (Traffic traffic = traffic()) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(200);
                proxy.resetAll();
            }
            traffic.awaitMore(200);
            traffic.finish("connections reset 10 times", 10 * RabbitTraffic.PREFETCH);
        }
    }

    @Test
    void connectionsReset_whileMessagesAreAcknowledgedBefore_giveNothingOutTwice() {
        int count = 20_000;
        int resets = 10;
        int prefetch = 10;
        String queue = RabbitQueues.create(server.directAddress());
        try (RabbitMQProducer producer = producer(queue)) {
            TestSubscriber.get(producer.sendBatch(IntStream.range(0, count)
                    .mapToObj(i -> Message.of(Integer.toString(i)))
                    .toList()));
        }
        TestSubscriber subscriber = TestSubscriber.requesting(Long.MAX_VALUE);
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .autoAck(true)
                .prefetchCount(prefetch)
                .retry(Traffic.QUICK)
                .build()) {
            consumer.consume().subscribe(subscriber);
            for (int i = 1; i <= resets; i++) {
                subscriber.await(i * 1_500);
                proxy.resetAll();
            }
            eventually(
                    "the last",
                    () -> subscriber.messages().stream().anyMatch(m -> m.text().equals(Integer.toString(count - 1))));
        }
        assertThat(subscriber.messages().stream().map(Message::text))
                .hasSizeBetween(count - resets * prefetch, count)
                .doesNotHaveDuplicates();
    }

    @Test // F05
    void silentNetwork_isNoticed_withoutAnyTraffic() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(500);
            proxy.drop(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            eventually("events of both", () -> traffic.lost() > 0 && traffic.lostByProducer() > 0);
            traffic.awaitHealth(Health.Status.DOWN);
            proxy.heal();
            traffic.awaitMore(500);
            traffic.finish("black hole", RabbitTraffic.PREFETCH);
        }
    }

    @Test // F08
    void connectionsReset_inTheMiddleOfFrames_loseNothing() {
        try (Traffic traffic = traffic()) {
            FaultRuns.resetAtRandomBytes(proxy);
            traffic.awaitMore(200);
            traffic.finish("50 resets at random bytes", 50 * RabbitTraffic.PREFETCH);
        }
    }

    @Test // F10
    void answersLost_messagesAreSentAgainWithTheSameId() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(500);
            proxy.drop(Direction.TO_CLIENT);
            eventually("events of both", () -> traffic.lost() > 0 && traffic.lostByProducer() > 0);
            proxy.heal();
            traffic.awaitMore(500);
            traffic.finish("answers lost", RabbitTraffic.PREFETCH);
        }
    }

    @Test // F13
    void consumerProcess_killedInTheMiddle_losesNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        try (RabbitMQProducer producer = producer(queue)) {
            FaultRuns.killConsumers(
                    "rabbitmq",
                    producer,
                    20_000,
                    4,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(ConsumingChild.class, server.directAddress(), queue, journal.toString()),
                    4 * RabbitTraffic.PREFETCH);
        }
    }

    @Test // F40
    void consumersAndProducers_closedAtRandomMoments_loseNothing_andLeaveNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        int open = proxy.open();
        Duration longest =
                FaultRuns.closeAtRandom(queue, () -> producer(queue), () -> consumer(queue), RabbitTraffic.PREFETCH, 1);
        assertThat(longest).isLessThan(CLOSE_TIMEOUT.plusSeconds(5));
        eventually("no connection", () -> proxy.open() <= open);
    }
}
