package io.pythia.cloud.aws;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.Worker;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.SqsTestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** What a broken network, a killed process, a slow handler and a bad message do: nothing is lost. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SqsFaultsIT {
    static final int WINDOW = 100;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration SILENCE = Duration.ofSeconds(20);
    /** Five seconds are promised; a busy machine may take longer. */
    static final Duration SILENCE_NOTICED = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private SqsTestServer server;
    private FaultProxy proxy;

    @BeforeAll
    void start() {
        server = TestServers.newSqs();
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

    /** Returns the address that leads around the proxy. */
    private String direct() {
        return "127.0.0.1:" + server.port();
    }

    private String newQueue() {
        return SqsQueues.create(direct(), false);
    }

    private SqsProducer.Builder producer(String queue) {
        return SqsQueues.producer(server.address(), queue).retry(Traffic.QUICK).sendTimeout(Duration.ofSeconds(90));
    }

    private Traffic traffic() {
        String queue = newQueue();
        return Traffic.builder()
                .producer((listener, metrics) -> producer(queue).build())
                .consumer(listener -> SqsQueues.consumer(server.address(), queue)
                        .visibilityTimeout(Duration.ofSeconds(5))
                        .maxInFlight(WINDOW)
                        .retry(Traffic.QUICK)
                        .listener(listener)
                        .build())
                .pause(Duration.ofMillis(2))
                .start();
    }

    @Test
    void serverKilled_hasAtOnceWhatItHadAnswered() {
        List<String> queues = Stream.generate(() -> SqsQueues.create(direct(), true))
                .limit(20)
                .toList();
        queues.forEach(queue -> send(queue, 1));
        server.kill();
        server.start();
        assertThat(queues).allSatisfy(queue -> assertThat(visible(queue)).isEqualTo(1));
    }

    @Test // F01
    void serverKilledUnderLoad_losesNothing() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(100);
            server.kill();
            traffic.awaitHealth(Health.Status.DOWN);
            server.start();
            traffic.awaitMore(100);
            traffic.awaitHealth(Health.Status.UP);
            traffic.finish("server killed", 10 * WINDOW);
        }
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() {
        try (Traffic traffic = traffic()) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(50);
                proxy.resetAll();
            }
            traffic.awaitMore(50);
            // The SDK itself sends again what had no answer, which the ledger can't know of.
            traffic.finish("connections reset 10 times", 10 * WINDOW);
        }
    }

    @Test // F05
    void silentNetwork_isNoticed_andAllGoesOnWhenItIsBack() {
        try (Traffic traffic = traffic()) {
            traffic.awaitMore(100);
            proxy.drop(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            long since = System.nanoTime();
            Awaitility.await("a health that says so")
                    .atMost(SILENCE_NOTICED)
                    .until(() -> traffic.health() == Health.Status.DOWN);
            eventually("an event", () -> traffic.lost() > 0);
            eventually("the end of the silence", () -> System.nanoTime() - since > SILENCE.toNanos());
            proxy.heal();
            traffic.awaitMore(100);
            traffic.awaitHealth(Health.Status.UP);
            traffic.finish("black hole", 10 * WINDOW);
        }
    }

    @Test // F10
    void answersLost_messagesAreSentAgain_andOnAFifoQueueAreThereOnce() {
        String queue = SqsQueues.create(direct(), true);
        try (SqsProducer producer = producer(queue).build()) {
            TestSubscriber.get(producer.connect());
            proxy.drop(Direction.TO_CLIENT);
            var results = IntStream.range(0, 20)
                    .mapToObj(i -> producer.send(
                            Message.builder().id("m" + i).key("k").body("x" + i).build()))
                    .toList();
            // How many the first request has is not known; until it is answered there is no other.
            eventually("a message without an answer", () -> visible(queue) >= 1);
            proxy.heal();
            results.forEach(TestSubscriber::get);
        }
        try (SqsConsumer consumer = SqsQueues.consumer(server.address(), queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(20);
            eventually("an empty queue", () -> visible(queue) == 0);
            assertThat(subscriber.messages().stream().map(Message::id))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 20).mapToObj(i -> "m" + i).toList());
        }
    }

    private int visible(String queue) {
        return Integer.parseInt(SqsQueues.on(
                direct(),
                client -> client.getQueueAttributes(r -> r.queueUrl(SqsQueues.url(direct(), queue))
                                .attributeNames(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES))
                        .attributes()
                        .get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES)));
    }

    @Test // F13
    void consumerProcess_killedInTheMiddle_losesNothing() {
        String queue = newQueue();
        try (SqsProducer producer = SqsQueues.producer(direct(), queue).build()) {
            // What was acknowledged may wait for others for the request that tells the service.
            FaultRuns.killConsumers(
                    "sqs",
                    producer,
                    3_000,
                    4,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(ConsumingChild.class, direct(), queue, journal.toString()),
                    4 * 2 * WINDOW);
        }
    }

    @Test // F17
    void handlerSlowerThanTheVisibilityTimeout_isNotDisturbed() {
        String queue = newQueue();
        send(queue, 3);
        Queue<Message> again = new ConcurrentLinkedQueue<>();
        try (SqsConsumer consumer = SqsQueues.consumer(direct(), queue)
                        .visibilityTimeout(Duration.ofSeconds(6))
                        .build();
                SqsConsumer other = SqsQueues.consumer(direct(), queue)
                        .visibilityTimeout(Duration.ofSeconds(6))
                        .build()) {
            TestSubscriber slow = TestSubscriber.requesting(3);
            consumer.consume().subscribe(slow);
            List<Message> messages = slow.await(3);
            TestSubscriber watching = TestSubscriber.handling(again::add);
            other.consume().subscribe(watching);
            // Twice the timeout.
            Awaitility.await()
                    .during(Duration.ofSeconds(13))
                    .atMost(Duration.ofSeconds(60))
                    .until(again::isEmpty);
            messages.forEach(
                    message -> assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE));
            assertThat(again).isEmpty();
        }
    }

    @Test // F17, C40
    void withoutExtension_lateAckIsStale_andTheMessageComesAgain() {
        String queue = newQueue();
        send(queue, 1);
        try (SqsConsumer consumer = SqsQueues.consumer(direct(), queue)
                .visibilityTimeout(Duration.ofSeconds(6))
                .maxLease(Duration.ZERO)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            Message first = subscriber.await(1).get(0);
            Message second = subscriber.await(2).get(1);
            assertThat(second.attempt()).isEqualTo(2);
            assertThat(TestSubscriber.get(first.ack())).isEqualTo(Settled.STALE);
            assertThat(TestSubscriber.get(second.ack())).isEqualTo(Settled.DONE);
        }
    }

    @Test // F26
    void poison_goesToTheDeadLetters_andTheOthersAreHandled() {
        String queue = newQueue();
        String letters = newQueue();
        send(queue, 100);
        Set<String> handled = ConcurrentHashMap.newKeySet();
        SqsConsumer consumer = SqsQueues.consumer(direct(), queue).build();
        try (SqsProducer toLetters = SqsQueues.producer(direct(), letters).build();
                Worker worker = Worker.from(consumer)
                        .concurrency(4)
                        .deadLetter(toLetters)
                        .onMessage(message -> {
                            if (message.text().equals("42")) {
                                throw new IllegalStateException("always");
                            }
                            handled.add(message.text());
                        })
                        .build();
                SqsConsumer reading = SqsQueues.consumer(direct(), letters).build()) {
            worker.start();
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            reading.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            assertThat(letter.text()).isEqualTo("42");
            assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("always");
            eventually("the others", () -> handled.size() == 99);
        }
    }

    @Test // F27
    void malformedMessages_goToTheDeadLettersWithTheirBytes_andTheGoodOnesArrive() {
        String queue = newQueue();
        String letters = newQueue();
        int malformed = 29;
        sendMalformed(queue, malformed);
        send(queue, 1_000);
        try (SqsProducer toLetters = SqsQueues.producer(direct(), letters).build();
                SqsConsumer consumer = SqsQueues.consumer(direct(), queue)
                        .deadLetter(toLetters)
                        .build();
                SqsConsumer reading = SqsQueues.consumer(direct(), letters).build()) {
            TestSubscriber good = TestSubscriber.acknowledging();
            consumer.consume().subscribe(good);
            TestSubscriber bad = TestSubscriber.acknowledging();
            reading.consume().subscribe(bad);
            assertThat(bad.await(malformed)).hasSize(malformed).allSatisfy(letter -> {
                assertThat(letter.text()).startsWith("!not base64 ");
                assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("can't be decoded");
            });
            good.await(1_000);
            assertThat(good.texts()).noneMatch(text -> text.startsWith("!"));
        }
    }

    /** Sends what says that it is base64, and is not. */
    private void sendMalformed(String queue, int count) {
        MessageAttributeValue forged = MessageAttributeValue.builder()
                .dataType("String")
                .stringValue("body=base64")
                .build();
        try (SqsClient client = SqsQueues.client(direct())) {
            for (int i = 0; i < count; i++) {
                String body = "!not base64 " + i;
                client.sendMessage(r -> r.queueUrl(SqsQueues.url(direct(), queue))
                        .messageBody(body)
                        .messageAttributes(Map.of("pythia", forged)));
            }
        }
    }

    private void send(String queue, int count) {
        try (SqsProducer producer = SqsQueues.producer(direct(), queue).build()) {
            List<Message> messages = IntStream.range(0, count)
                    .mapToObj(i -> Message.of(Integer.toString(i)))
                    .toList();
            TestSubscriber.get(producer.sendBatch(messages));
        }
    }

    @Test // F40
    void consumersAndProducers_closedAtRandomMoments_loseNothing_andLeaveNothing() {
        String queue = newQueue();
        // Side by side, which is the load, and the polls are waited for at the same time.
        Duration longest = FaultRuns.closeAtRandom(
                queue,
                () -> SqsQueues.producer(server.address(), queue)
                        .closeTimeout(CLOSE_TIMEOUT)
                        .build(),
                () -> SqsQueues.consumer(server.address(), queue)
                        .closeTimeout(CLOSE_TIMEOUT)
                        .build(),
                WINDOW,
                16);
        assertThat(longest).isLessThan(CLOSE_TIMEOUT.plusSeconds(5));
        eventually("no connection", () -> proxy.open() == 0);
    }
}
