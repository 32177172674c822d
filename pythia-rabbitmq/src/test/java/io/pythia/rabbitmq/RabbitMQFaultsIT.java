package io.pythia.rabbitmq;

import static io.pythia.rabbitmq.Traffic.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
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

    @Test // F01, M5
    void broker_killedUnderLoad_losesNothing_andAllComesBackByItself() throws InterruptedException {
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            for (int kill = 0; kill < 4; kill++) {
                traffic.awaitMore(500);
                int lost = traffic.lost.get();
                server.kill();
                eventually("a health that says so", () -> traffic.health() == Health.Status.DOWN);
                eventually("an event", () -> traffic.lost.get() > lost);
                server.start();
            }
            traffic.awaitMore(500);
            eventually("a health that says so", () -> traffic.health() == Health.Status.UP);
            assertThat(traffic.restored.get()).isEqualTo(4);
            traffic.finish("broker killed 4 times", 4);
        }
    }

    @Test // F03
    void broker_frozen_isNoticed_andAllGoesOnWhenItThaws() throws InterruptedException {
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            traffic.awaitMore(500);
            server.pause();
            try {
                eventually("an event", () -> traffic.lost.get() > 0);
                eventually("a health that says so", () -> traffic.health() == Health.Status.DOWN);
            } finally {
                server.resume();
            }
            traffic.awaitMore(500);
            traffic.finish("broker frozen", 1);
        }
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() throws InterruptedException {
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(200);
                proxy.resetAll();
            }
            traffic.awaitMore(200);
            traffic.finish("connections reset 10 times", 10);
        }
    }

    @Test // F05
    void silentNetwork_isNoticed_withoutAnyTraffic() throws InterruptedException {
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            traffic.awaitMore(500);
            proxy.drop(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            eventually("events of both", () -> traffic.lost.get() > 0 && traffic.lostByProducer.get() > 0);
            eventually("a health that says so", () -> traffic.health() == Health.Status.DOWN);
            proxy.heal();
            traffic.awaitMore(500);
            traffic.finish("black hole", 1);
        }
    }

    @Test // F08
    void connectionsReset_inTheMiddleOfFrames_loseNothing() throws InterruptedException {
        Random random = new Random(8);
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            for (int i = 0; i < 50; i++) {
                int before = proxy.accepted();
                proxy.resetAfter(i % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT, random.nextInt(5_000));
                eventually("a new connection", () -> proxy.accepted() > before);
            }
            traffic.awaitMore(200);
            traffic.finish("50 resets at random bytes", 50);
        }
    }

    @Test // F10
    void answersLost_messagesAreSentAgainWithTheSameId() throws InterruptedException {
        try (Traffic traffic = new Traffic(server, RabbitQueues.create(server.directAddress()))) {
            traffic.awaitMore(500);
            proxy.drop(Direction.TO_CLIENT);
            eventually("events of both", () -> traffic.lost.get() > 0 && traffic.lostByProducer.get() > 0);
            proxy.heal();
            traffic.awaitMore(500);
            traffic.finish("answers lost", 1);
        }
    }

    @Test // F13
    void consumerProcess_killedInTheMiddle_losesNothing() throws IOException {
        String queue = RabbitQueues.create(server.directAddress());
        Ledger ledger = new Ledger();
        int count = 20_000;
        try (RabbitMQProducer producer = RabbitMQProducer.builder()
                .queue(queue)
                .config(Traffic.config(server))
                .build()) {
            for (int i = 0; i < count; i++) {
                ledger.send(producer, Message.builder().id("m" + i).body("x").build());
            }
        }
        assertThat(ledger.confirmed()).isEqualTo(count);
        Path journal = folder.resolve("journal");
        Files.createFile(journal);
        Random random = new Random(13);
        for (int kill = 0; kill < 4; kill++) {
            long enough = size(journal) + 7L * (1 + random.nextInt(2_000));
            try (ChildJvm child =
                    new ChildJvm(ConsumingChild.class, server.directAddress(), queue, journal.toString())) {
                eventually(
                        "progress before the kill", () -> size(journal) >= enough || distinctLines(journal) == count);
                child.kill();
            }
        }
        try (ChildJvm last = new ChildJvm(ConsumingChild.class, server.directAddress(), queue, journal.toString())) {
            eventually("all messages", () -> distinctLines(journal) == count);
            last.terminate();
        }
        ledger.readJournal(journal);
        ledger.verify(4 * Traffic.PREFETCH);
        System.out.println("consumer killed 4 times: " + ledger);
    }

    @Test // F40
    void consumersAndProducers_closedAtRandomMoments_loseNothing_andLeaveNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        Ledger ledger = new Ledger();
        Random random = new Random(40);
        int open = proxy.open();
        for (int round = 0; round < 200; round++) {
            RabbitMQProducer producer = RabbitMQProducer.builder()
                    .queue(queue)
                    .config(Traffic.config(server))
                    .closeTimeout(Duration.ofSeconds(5))
                    .build();
            RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                    .queue(queue)
                    .config(Traffic.config(server))
                    .closeTimeout(Duration.ofSeconds(5))
                    .build();
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                ledger.delivered(message.id());
                message.ack();
            }));
            int messages = random.nextInt(60);
            for (int i = 0; i < messages; i++) {
                ledger.send(
                        producer,
                        Message.builder().id(round + "-" + i).body("x").build());
            }
            spin(random.nextInt(40_000_000));
            long before = System.nanoTime();
            if (random.nextBoolean()) {
                consumer.close();
                producer.close();
            } else {
                producer.close();
                consumer.close();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(12));
        }
        try (RabbitMQConsumer rest = RabbitMQConsumer.builder()
                .queue(queue)
                .config(Traffic.config(server))
                .build()) {
            rest.consume().subscribe(TestSubscriber.handling(message -> {
                ledger.delivered(message.id());
                message.ack();
            }));
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        }
        ledger.verify(200 * Traffic.PREFETCH);
        System.out.println("closed at 200 random moments: " + ledger);
        eventually("no connection", () -> proxy.open() <= open);
        eventually(
                "no threads",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains(queue)));
    }

    /** A time too short to sleep for. */
    private static void spin(int nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long distinctLines(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.distinct().count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
