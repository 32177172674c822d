package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.ConnectPolicy;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The faults for which the ordinary build has no time. */
@Tag("nightly")
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RabbitMQNightlyIT {
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

    @Test // F02
    void broker_stoppedInAnOrderlyWay_losesNothing() {
        try (Traffic traffic = traffic()) {
            for (int stop = 0; stop < 4; stop++) {
                traffic.awaitMore(500);
                server.stop();
                server.start();
            }
            traffic.awaitMore(500);
            traffic.finish("broker stopped 4 times", 4 * RabbitTraffic.PREFETCH);
        }
    }

    @Test // F06
    void slowNetwork_isNoOutage() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(500);
            proxy.delay(Duration.ofMillis(100), Duration.ofMillis(50));
            traffic.awaitMore(2_000);
            assertThat(traffic.lost()).isZero();
            proxy.heal();
            traffic.finish("slow network", 0);
        }
    }

    @Test // F07
    void fragments_areNoOutage() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(200);
            proxy.slice(1);
            traffic.awaitMore(500);
            assertThat(traffic.lost()).isZero();
            proxy.heal();
            traffic.finish("fragments of one byte", 0);
        }
    }

    @Test // F09
    void streamsEndedByTheServer_comeBack() {
        try (Traffic traffic = traffic()) {
            for (int i = 0; i < 5; i++) {
                traffic.awaitMore(300);
                int lost = traffic.lost();
                proxy.halfClose();
                eventually("an event", () -> traffic.lost() > lost);
            }
            traffic.awaitMore(300);
            traffic.finish("half-closed 5 times", 5 * RabbitTraffic.PREFETCH);
        }
    }

    @Test // F11
    void brokerThatComesLater_isWaitedFor() {
        String queue = RabbitQueues.create(server.directAddress());
        proxy.down();
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .connectPolicy(ConnectPolicy.WAIT)
                .retry(Traffic.QUICK)
                .build()) {
            CompletableFuture<Void> connected = consumer.connect();
            eventually(
                    "a few attempts",
                    () -> TestSubscriber.get(consumer.healthCheck()).detail().contains("refused"));
            assertThat(connected).isNotDone();
            proxy.up();
            TestSubscriber.get(connected);
        } finally {
            proxy.up();
        }
    }

    @Test // F14
    void producerProcess_killed_losesNothingThatItWasToldIsSent() throws IOException {
        String queue = RabbitQueues.create(server.directAddress());
        Path journal = folder.resolve("confirmed");
        Files.createFile(journal);
        for (int kill = 0; kill < 4; kill++) {
            long before = Files.size(journal);
            try (ChildJvm child =
                    new ChildJvm(ProducingChild.class, server.directAddress(), queue, journal.toString(), "p" + kill)) {
                eventually("confirms", () -> journal.toFile().length() > before + 20_000);
                child.kill();
            }
        }
        Set<String> received = ConcurrentHashMap.newKeySet();
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .build()) {
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                received.add(message.id());
                                message.ack();
                            },
                            error -> {}));
            String text = Files.readString(journal);
            List<String> confirmed =
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
            eventually("all that was confirmed", () -> received.containsAll(confirmed));
        }
    }

    @Test // F16
    void consumersThatComeAndGo_loseNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        Random random = new Random(16);
        AtomicInteger byOthers = new AtomicInteger();
        try (Traffic traffic = RabbitTraffic.start(server, queue)) {
            for (int round = 0; round < 20; round++) {
                int before = byOthers.get();
                int enough = 1 + random.nextInt(300);
                try (RabbitMQConsumer other = RabbitMQConsumer.builder()
                        .queue(queue)
                        .config(RabbitTraffic.config(server))
                        .build()) {
                    other.consume()
                            .subscribe(Subscribers.each(
                                    message -> {
                                        traffic.ledger().delivered(message.id());
                                        byOthers.incrementAndGet();
                                        message.ack();
                                    },
                                    error -> {}));
                    eventually("its share", () -> byOthers.get() > before + enough);
                }
            }
            traffic.finish("20 others came and went", 0);
        }
    }

    @Test // F25, F44
    void subscriberThatRequestsNothing_keepsItsConnection_andBoundsWhatIsFetched() {
        String queue = RabbitQueues.create(server.directAddress());
        try (RabbitMQProducer producer = RabbitMQProducer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .build()) {
            List<Message> messages = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                messages.add(Message.of(new byte[1_024]));
            }
            TestSubscriber.get(producer.sendBatch(messages));
        }
        Outages outages = new Outages();
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .listener(outages)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            subscriber.await(1).get(0).ack();
            long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
            eventually("thirty seconds", () -> System.nanoTime() - until > 0);
            assertThat(outages.causes()).isEmpty();
            assertThat(RabbitQueues.ready(server.directAddress(), queue)).isGreaterThanOrEqualTo(20_000 - 251);
            assertThat(TestSubscriber.get(consumer.healthCheck()).isUp()).isTrue();
            subscriber.request(1);
            subscriber.await(2);
        }
    }

    @Test // F29
    void consumerProcess_frozen_isReplaced_andHarmsNothingWhenItWakes() throws IOException {
        String queue = RabbitQueues.create(server.directAddress());
        Ledger ledger = new Ledger();
        try (RabbitMQProducer producer = RabbitMQProducer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .build()) {
            for (int i = 0; i < 30_000; i++) {
                ledger.send(producer, Traffic.message("m" + i));
            }
        }
        Path journal = folder.resolve("frozen");
        Files.createFile(journal);
        try (ChildJvm frozen = new ChildJvm(ConsumingChild.class, server.directAddress(), queue, journal.toString());
                ChildJvm other =
                        new ChildJvm(ConsumingChild.class, server.directAddress(), queue, journal.toString())) {
            eventually("progress", () -> journal.toFile().length() > 5_000);
            frozen.pause();
            long until =
                    System.nanoTime() + Duration.ofSeconds(75).toNanos(); // the broker gives it up after two heartbeats
            eventually("the broker to give it up", () -> System.nanoTime() - until > 0);
            frozen.resume();
            eventually("all messages", () -> RabbitQueues.ready(server.directAddress(), queue) == 0);
            other.terminate();
            frozen.terminate();
        }
        ledger.readJournal(journal);
        ledger.verify(2 * RabbitTraffic.PREFETCH);
        System.out.println("consumer frozen: " + ledger);
    }
}
