package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
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
    private static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

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

    /** A producer that sends steadily, half of it with keys, and a consumer that acknowledges. */
    private final class Traffic implements AutoCloseable {
        final Ledger ledger = new Ledger();
        final AtomicInteger lost = new AtomicInteger();
        final AtomicInteger restored = new AtomicInteger();
        final AtomicInteger errors = new AtomicInteger();
        final PubSubPublisher producer;
        final PubSubSubscriber consumer;
        private final AtomicBoolean sending = new AtomicBoolean(true);
        private final Thread load = new Thread(this::send, "load");

        Traffic() {
            String name = resources.create();
            producer = PubSubPublisher.builder()
                    .topicName(name)
                    .config(PubSubResources.config(server.address()))
                    .retry(QUICK)
                    .sendTimeout(Duration.ofSeconds(90))
                    .build();
            consumer = PubSubSubscriber.builder()
                    .subscriptionName(name)
                    .config(PubSubResources.config(server.address()))
                    .maxMessages(WINDOW)
                    .ackDeadline(Duration.ofSeconds(10))
                    .retry(QUICK)
                    .listener(new BrokerListener() {
                        @Override
                        public void connectionLost(String broker, BrokerException cause) {
                            lost.incrementAndGet();
                        }

                        @Override
                        public void connectionRestored(String broker, Duration outage) {
                            restored.incrementAndGet();
                        }
                    })
                    .build();
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                ledger.delivered(message.id());
                                message.ack();
                            },
                            error -> errors.incrementAndGet()));
            load.start();
        }

        private void send() {
            for (int i = 0; sending.get(); i++) {
                Message.Builder message = Message.builder().id("m" + i).body("body of m" + i);
                ledger.send(producer, (i % 2 == 0 ? message : message.key("k" + i % 16)).build());
                LockSupport.parkNanos(1_000_000);
            }
        }

        void awaitMore(int messages) {
            int before = ledger.delivered();
            eventually(messages + " more messages", () -> ledger.delivered() >= before + messages);
        }

        boolean isDown() {
            return TestSubscriber.get(consumer.healthCheck()).status() == Health.Status.DOWN;
        }

        /** Ends the load, waits for every message, and checks the account: a send that was repeated may have been applied twice. */
        void finish(String what, int faults) throws InterruptedException {
            sending.set(false);
            load.join();
            eventually(
                    "all confirmed messages",
                    () -> ledger.open() == 0 && ledger.lost().isEmpty());
            ledger.verify(faults * (WINDOW + 1_000));
            assertThat(errors.get()).isZero();
            System.out.println(what + ": " + ledger + ", connections lost " + lost);
        }

        @Override
        public void close() {
            sending.set(false);
            consumer.close();
            producer.close();
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(120, TimeUnit.SECONDS)
                .pollInterval(20, TimeUnit.MILLISECONDS)
                .until(condition::getAsBoolean);
    }

    @Test
    void f01_serverKilledUnderLoad_losesNothing_andAllComesBackByItself() throws InterruptedException {
        try (Traffic traffic = new Traffic()) {
            for (int i = 0; i < 4; i++) {
                traffic.awaitMore(200);
                server.kill();
                eventually("a health that says so", traffic::isDown);
                server.start();
            }
            traffic.awaitMore(200);
            traffic.finish("server killed 4 times", 4);
            assertThat(traffic.lost.get()).isGreaterThanOrEqualTo(4);
            assertThat(traffic.restored.get()).isEqualTo(traffic.lost.get());
        }
    }

    @Test
    void f04_connectionsReset_losesNothing() throws InterruptedException {
        try (Traffic traffic = new Traffic()) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(100);
                server.proxy().resetAll();
            }
            traffic.awaitMore(100);
            traffic.finish("10 resets", 10);
        }
    }

    @Test
    void f08_connectionsReset_inTheMiddleOfFrames_losesNothing() throws InterruptedException {
        Random random = new Random(8);
        try (Traffic traffic = new Traffic()) {
            for (int i = 0; i < 50; i++) {
                int before = server.proxy().accepted();
                server.proxy()
                        .resetAfter(i % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT, random.nextInt(5_000));
                eventually("a new connection", () -> server.proxy().accepted() > before);
            }
            server.proxy().heal();
            traffic.awaitMore(200);
            traffic.finish("50 resets at random bytes", 50);
        }
    }

    @Test
    void f05_blackHole_isNoticed_andNothingIsLost() throws InterruptedException {
        try (Traffic traffic = new Traffic()) {
            traffic.awaitMore(100);
            server.proxy().drop(Direction.TO_SERVER);
            server.proxy().drop(Direction.TO_CLIENT);
            eventually("a health that says so", traffic::isDown);
            server.proxy().heal();
            server.proxy().resetAll();
            traffic.awaitMore(200);
            traffic.finish("black hole", 2);
        }
    }

    @Test
    void f13_consumerKilled_itsMessagesComeToTheNext() throws Exception {
        String name = resources.create();
        Ledger ledger = new Ledger();
        Path journal = folder.resolve("journal");
        Files.createFile(journal);
        int messages = 2_000;
        try (PubSubPublisher producer = PubSubPublisher.builder()
                .topicName(name)
                .config(PubSubResources.config(server.address()))
                .build()) {
            for (int i = 0; i < messages; i++) {
                ledger.send(producer, Message.builder().id("m" + i).body("x").build());
            }
            TestSubscriber.get(producer.flush());
        }
        for (int i = 1; i <= 4; i++) {
            try (ChildJvm child = new ChildJvm(ConsumingChild.class, server.address(), name, journal.toString())) {
                long enough = i * 400L;
                eventually(enough + " messages", () -> lines(journal) >= enough);
                child.kill();
            }
        }
        try (ChildJvm child = new ChildJvm(ConsumingChild.class, server.address(), name, journal.toString())) {
            eventually("all messages", () -> distinct(journal) == messages);
        }
        ledger.readJournal(journal);
        ledger.verify(4 * ConsumingChild.WINDOW);
        System.out.println("consumer killed 4 times: " + ledger);
    }

    private static long lines(Path journal) {
        return read(journal).size();
    }

    private static long distinct(Path journal) {
        return read(journal).stream().distinct().count();
    }

    private static List<String> read(Path journal) {
        try {
            return Files.readAllLines(journal);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** F40: a consumer that is closed at any moment loses nothing, and what it had comes at once to the next. */
    @Test
    void f40_closeAtAnyMoment_losesNothing() throws InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String name = resources.create();
        Ledger ledger = new Ledger();
        List<Duration> closes = new ArrayList<>();
        try (PubSubPublisher producer = PubSubPublisher.builder()
                .topicName(name)
                .config(PubSubResources.config(server.address()))
                .build()) {
            for (int round = 0; round < 200; round++) {
                for (int i = 0; i < 20; i++) {
                    String id = "m" + round + "-" + i;
                    ledger.send(
                            producer,
                            Message.builder().id(id).key("k" + i % 4).body("x").build());
                }
                PubSubSubscriber consumer = consumer(name, ledger);
                LockSupport.parkNanos(random.nextInt(50_000_000));
                long before = System.nanoTime();
                consumer.close();
                closes.add(Duration.ofNanos(System.nanoTime() - before));
            }
            TestSubscriber.get(producer.flush());
        }
        try (PubSubSubscriber last = consumer(name, ledger)) {
            eventually("all messages (seed " + seed + ")", () -> ledger.lost().isEmpty());
            assertThat(TestSubscriber.get(last.healthCheck()).isUp()).isTrue();
        }
        ledger.verify(200 * WINDOW);
        assertThat(closes).as("seed " + seed).allMatch(took -> took.compareTo(CLOSE_TIMEOUT.plusSeconds(1)) < 0);
        System.out.println("closed 200 times: " + ledger);
    }

    private PubSubSubscriber consumer(String name, Ledger ledger) {
        PubSubSubscriber consumer = PubSubSubscriber.builder()
                .subscriptionName(name)
                .config(PubSubResources.config(server.address()))
                .maxMessages(WINDOW)
                .closeTimeout(CLOSE_TIMEOUT)
                .build();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            ledger.delivered(message.id());
                            message.ack();
                        },
                        error -> {}));
        return consumer;
    }
}
