package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.azure.storage.queue.QueueClient;
import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.models.PeekedMessageItem;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.AzuriteTestServer;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The faults of the contract, on an Azurite of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StorageQueueFaultsIT {
    private static final Duration VISIBILITY = Duration.ofSeconds(6);
    private static final int WINDOW = 200;
    /** What four killed processes had: their windows, which are not more than what one receive brings and what was not yet settled. */
    private static final int KILLED = 4 * 500;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final TestServer server = TestServers.newAzurite();

    @TempDir
    private Path folder;

    @AfterEach
    void heal() {
        server.proxy().heal();
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private String queue() {
        return StorageQueueHarness.createQueue(server);
    }

    private AzureConfig config() {
        return AzureConfig.builder()
                .connectionString(AzuriteTestServer.connectionString(server))
                .timeout(Duration.ofSeconds(5))
                .maxRetries(1)
                .build();
    }

    private StorageQueueConsumer.Builder consumer(String queue) {
        return StorageQueueConsumer.builder()
                .queueName(queue)
                .config(config())
                .visibilityTimeout(VISIBILITY)
                .maxPollInterval(Duration.ofMillis(300))
                .maxDequeueCount(0)
                .maxInFlight(WINDOW)
                .closeTimeout(CLOSE_TIMEOUT)
                .retry(Traffic.QUICK);
    }

    private StorageQueueProducer producer(String queue) {
        return StorageQueueProducer.builder()
                .queueName(queue)
                .config(config())
                .retry(Traffic.QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .closeTimeout(CLOSE_TIMEOUT)
                .build();
    }

    private QueueClient raw(String queue) {
        return new QueueClientBuilder()
                .connectionString(AzuriteTestServer.connectionString(server))
                .queueName(queue)
                .buildClient();
    }

    private Traffic traffic(String queue) {
        return Traffic.builder()
                .producer((listener, metrics) -> producer(queue))
                .consumer(listener -> consumer(queue).listener(listener).build())
                .identity(Message::text)
                .pause(Duration.ofMillis(5))
                .start();
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() {
        try (Traffic traffic = traffic(queue())) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(50);
                server.proxy().resetAll();
            }
            traffic.awaitMore(50);
            traffic.finish("connections reset 10 times", 10 * WINDOW);
        }
    }

    @Test // F05
    void silentNetwork_isNoticed_andAllComesBackByItself() {
        try (Traffic traffic = traffic(queue())) {
            traffic.awaitMore(50);
            server.proxy().drop(Direction.TO_SERVER);
            server.proxy().drop(Direction.TO_CLIENT);
            eventually("an event", () -> traffic.lost() > 0);
            server.proxy().heal();
            server.proxy().resetAll(); // bytes were swallowed: no connection from before makes sense any more
            traffic.awaitMore(50);
            traffic.finish("black hole", 2 * WINDOW);
        }
    }

    @Test // F08
    void connectionsReset_inTheMiddleOfAnswers_loseNothing() {
        Random random = new Random(8);
        try (Traffic traffic = traffic(queue())) {
            for (int i = 0; i < 50; i++) {
                traffic.awaitMore(10);
                server.proxy()
                        .resetAfter(i % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT, random.nextInt(3_000));
            }
            server.proxy().heal();
            traffic.awaitMore(50);
            traffic.finish("50 resets at random bytes", 50 * WINDOW);
        }
    }

    @Test // F13
    void consumerProcess_killedInTheMiddle_losesNothing() {
        String queue = queue();
        try (StorageQueueProducer producer = producer(queue)) {
            FaultRuns.killConsumers(
                    "storage-queue",
                    producer,
                    1_000,
                    4,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(
                            ConsumingChild.class,
                            "storage-queue",
                            AzuriteTestServer.connectionString(server),
                            queue,
                            journal.toString()),
                    KILLED);
        }
    }

    @Test // F17, F42
    void handlerSlowerThanTheVisibility_keepsItsMessage_andSettlesWithTheLatestReceipt() {
        String queue = queue();
        send(queue, 1);
        try (StorageQueueConsumer consumer = consumer(queue).build()) {
            Message message = LeaseRuns.holdOn(consumer, VISIBILITY);
            // An extension and the acknowledgement at once: each needs the receipt that the one before has made.
            message.extend(VISIBILITY);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
        assertThat(raw(queue).getProperties().getApproximateMessagesCount()).isZero();
    }

    @Test // F17, F42
    void receiptThatWasNotRenewed_isStale_andNeverSettlesTheNextDelivery() {
        String queue = queue();
        send(queue, 1);
        try (StorageQueueConsumer consumer =
                consumer(queue).maxLease(Duration.ofMillis(1)).build()) {
            LeaseRuns.loseLease(
                    consumer,
                    () -> assertThat(raw(queue).getProperties().getApproximateMessagesCount())
                            .isEqualTo(1));
        }
        assertThat(raw(queue).getProperties().getApproximateMessagesCount()).isZero();
    }

    @Test // F26
    void poisonMessage_goesToThePoisonQueue_andTheOthersGoOn() {
        String queue = queue();
        send(queue, 100);
        AtomicInteger tries = new AtomicInteger();
        Ledger good = new Ledger();
        try (StorageQueueConsumer consumer = consumer(queue).maxDequeueCount(3).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                if (message.text().equals("m50")) {
                    tries.incrementAndGet();
                    message.nack();
                } else {
                    good.delivered(message.text());
                    message.ack();
                }
            }));
            eventually("the others", () -> good.delivered() == 99);
            try (StorageQueueConsumer poison =
                    consumer(queue + "-poison").createQueue(true).build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                poison.consume().subscribe(subscriber);
                assertThat(subscriber.await(1).get(0).text()).isEqualTo("m50");
            }
            assertThat(tries.get()).isEqualTo(3);
        }
    }

    @Test // F26
    void messageThatKillsItsConsumers_goesToThePoisonQueue_unseen() {
        String queue = queue();
        send(queue, 1);
        QueueClient raw = raw(queue);
        for (int i = 0; i < 3; i++) {
            eventually(
                    "the next delivery",
                    () -> raw.receiveMessages(1, Duration.ofSeconds(1), null, null).stream()
                                    .count()
                            == 1);
        }
        try (StorageQueueConsumer consumer = consumer(queue).maxDequeueCount(3).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            eventually("the poison queue", () -> peek(queue + "-poison") != null);
            assertThat(subscriber.count()).isZero();
        }
    }

    @Test // F27
    void textsThatCannotBeRead_goToThePoisonQueueAsTheyAre_andTheOthersGoOn() {
        String queue = queue();
        List<String> unreadable = unreadableTexts();
        assertThat(unreadable).hasSize(29).doesNotHaveDuplicates();
        LeaseRuns.send(enveloping(queue), 500);
        unreadable.forEach(raw(queue)::sendMessage);
        LeaseRuns.send(enveloping(queue), 500);
        try (StorageQueueConsumer consumer = consumer(queue).envelope(true).build();
                StorageQueueConsumer poison = consumer(queue + "-poison")
                        .encoding(QueueEncoding.TEXT)
                        .createQueue(true)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber letters = TestSubscriber.acknowledging();
            poison.consume().subscribe(letters);
            letters.await(29);
            assertThat(letters.texts()).containsExactlyInAnyOrderElementsOf(unreadable);
            subscriber.await(1_000);
            assertThat(subscriber.texts()).allMatch(text -> text.startsWith("m"));
        }
    }

    private StorageQueueProducer enveloping(String queue) {
        return StorageQueueProducer.builder()
                .queueName(queue)
                .config(config())
                .envelope(true)
                .build();
    }

    /** No Base64, or no JSON, or no envelope, or one with something wrong in it. */
    private static List<String> unreadableTexts() {
        String right = "{\"pythia\":1,\"id\":\"a\",\"time\":\"2026-01-01T00:00:00Z\",";
        Stream<String> texts =
                Stream.of("no Base64!", "{\"half\": ", "=", "A", "\u00e4", "<xml/>", "a b", "%41", "QQ=Q");
        Stream<String> json = Stream.of(
                "null",
                "[]",
                "42",
                "\"text\"",
                "{",
                "{}",
                "\u0000",
                "[".repeat(2_000),
                "{\"pythia\":2,\"id\":\"a\",\"time\":\"2026-01-01T00:00:00Z\",\"body\":\"b\"}",
                "{\"pythia\":1,\"id\":7,\"time\":\"2026-01-01T00:00:00Z\",\"body\":\"b\"}",
                "{\"pythia\":1,\"id\":\"a\",\"body\":\"b\"}",
                "{\"pythia\":1,\"id\":\"a\",\"time\":\"yesterday\",\"body\":\"b\"}",
                right + "\"body\":\"b\"} {}",
                right + "\"body\":\"b\",\"body\":\"c\"}",
                right + "\"body\":{}}",
                right + "\"body\":{\"base64\":\"!\"}}",
                right + "\"body\":{\"base64\":7}}",
                right + "\"body\":\"b\",\"headers\":[[\"name\",{}]]}",
                right + "\"body\":\"b\",\"headers\":[[\"name\",{\"base64\":\"!\"}]]}");
        byte[] noise = new byte[100];
        new Random(27).nextBytes(noise);
        Base64.Encoder base64 = Base64.getEncoder();
        return Stream.of(
                        texts,
                        json.map(each -> base64.encodeToString(each.getBytes(StandardCharsets.UTF_8))),
                        Stream.of(base64.encodeToString(noise)))
                .flatMap(each -> each)
                .toList();
    }

    @Test // F40
    void consumersAndProducers_closedAtRandomMoments_loseNothing() {
        String queue = queue();
        Duration longest = FaultRuns.closeAtRandom(
                queue, () -> producer(queue), () -> consumer(queue).build(), WINDOW, 1);
        assertThat(longest).isLessThan(CLOSE_TIMEOUT.plusSeconds(5));
    }

    @Test // F44
    void subscriberThatRequestsOne_keepsItsMessage_andGoesOnLater() {
        String queue = queue();
        send(queue, 5);
        try (StorageQueueConsumer consumer = consumer(queue).build()) {
            LeaseRuns.requestOne(consumer, VISIBILITY);
        }
    }

    private PeekedMessageItem peek(String queue) {
        try {
            return raw(queue).peekMessage();
        } catch (com.azure.storage.queue.models.QueueStorageException e) {
            return null; // made when it is needed
        }
    }

    private void send(String queue, int count) {
        LeaseRuns.send(producer(queue), count);
    }
}
