package io.pythia.cloud.gcp;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What breaks in production, on a server process of its own: every message is counted. The numbers are those of the project's contract. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PubSubFaultsIT {
    private static final int WINDOW = 200;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private TestServer server;
    private PubSubResources resources;

    @TempDir
    private Path folder;

    @BeforeAll
    void start() {
        server = TestServers.newPubSub();
        resources = new PubSubResources(server.address());
    }

    @AfterAll
    void stop() {
        resources.close();
        TestServers.close(server);
    }

    private PubSubPublisher.Builder publisher(String name) {
        return PubSubPublisher.builder().topicName(name).config(PubSubResources.config(server.address()));
    }

    private PubSubSubscriber.Builder subscriber(String name) {
        return PubSubSubscriber.builder()
                .subscriptionName(name)
                .config(PubSubResources.config(server.address()))
                .maxMessages(WINDOW);
    }

    /** Half of it has keys. */
    private Traffic traffic() {
        String name = resources.create();
        return Traffic.builder()
                .producer((listener, metrics) -> publisher(name)
                        .retry(Traffic.QUICK)
                        .sendTimeout(Duration.ofSeconds(90))
                        .build())
                .consumer(listener -> subscriber(name)
                        .ackDeadline(Duration.ofSeconds(10))
                        .retry(Traffic.QUICK)
                        .listener(listener)
                        .build())
                .messages(i -> {
                    Message.Builder message = Message.builder().id("m" + i).body("m" + i);
                    return (i % 2 == 0 ? message : message.key("k" + i % 16)).build();
                })
                .start();
    }

    /** What may come again after so many faults: a send that was repeated may have been applied twice. */
    private static int again(int faults) {
        return faults * (WINDOW + 1_000);
    }

    @Test
    void f01_serverKilledUnderLoad_losesNothing_andAllComesBackByItself() {
        try (Traffic traffic = traffic()) {
            for (int i = 0; i < 4; i++) {
                traffic.awaitMore(200);
                server.kill();
                traffic.awaitHealth(Health.Status.DOWN);
                server.start();
            }
            traffic.awaitMore(200);
            traffic.finish("server killed 4 times", again(4));
            assertThat(traffic.lost()).isGreaterThanOrEqualTo(4);
            eventually("as many ends", () -> traffic.restored() == traffic.lost());
        }
    }

    @Test
    void f04_connectionsReset_losesNothing() {
        try (Traffic traffic = traffic()) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(100);
                server.proxy().resetAll();
            }
            traffic.awaitMore(100);
            traffic.finish("10 resets", again(10));
        }
    }

    @Test
    void f08_connectionsReset_inTheMiddleOfFrames_losesNothing() {
        try (Traffic traffic = traffic()) {
            FaultRuns.resetAtRandomBytes(server.proxy());
            traffic.awaitMore(200);
            traffic.finish("50 resets at random bytes", again(50));
        }
    }

    @Test
    void f05_blackHole_isNoticed_andNothingIsLost() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(100);
            server.proxy().drop(Direction.TO_SERVER);
            server.proxy().drop(Direction.TO_CLIENT);
            traffic.awaitHealth(Health.Status.DOWN);
            server.proxy().heal();
            server.proxy().resetAll();
            traffic.awaitMore(200);
            traffic.finish("black hole", again(2));
        }
    }

    @Test
    void f13_consumerKilled_itsMessagesComeToTheNext() {
        String name = resources.create();
        try (PubSubPublisher producer = publisher(name).build()) {
            FaultRuns.killConsumers(
                    "pubsub",
                    producer,
                    2_000,
                    4,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(ConsumingChild.class, server.address(), name, journal.toString()),
                    4 * ConsumingChild.WINDOW);
        }
    }

    /** F40: with four keys, whose order no close may hold up. */
    @Test
    void f40_closeAtAnyMoment_losesNothing() {
        String name = resources.create();
        Duration longest = FaultRuns.closeAtRandom(
                name,
                () -> publisher(name)
                        .orderingKey(message -> "k" + Math.floorMod(message.id().hashCode(), 4))
                        .closeTimeout(CLOSE_TIMEOUT)
                        .build(),
                () -> subscriber(name).closeTimeout(CLOSE_TIMEOUT).build(),
                WINDOW,
                1);
        assertThat(longest).isLessThan(CLOSE_TIMEOUT.plusSeconds(5));
    }
}
