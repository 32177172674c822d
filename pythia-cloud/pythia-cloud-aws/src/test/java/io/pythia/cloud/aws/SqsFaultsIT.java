package io.pythia.cloud.aws;

import static io.pythia.cloud.aws.Traffic.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.Worker;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.SqsTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
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
    private static final Duration SILENCE = Duration.ofSeconds(20);
    /** Five seconds are promised; twice that on a busy machine. */
    static final Duration SILENCE_NOTICED = Duration.ofSeconds(10);

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
    void serverKilledUnderLoad_losesNothing() throws InterruptedException {
        try (Traffic traffic = new Traffic(server.address(), newQueue())) {
            traffic.awaitMore(100);
            server.kill();
            eventually("a health that says so", () -> traffic.health() == Health.Status.DOWN);
            server.start();
            traffic.awaitMore(100);
            eventually("a health that says so", () -> traffic.health() == Health.Status.UP);
            traffic.finish("server killed", 10 * Traffic.WINDOW);
        }
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() throws InterruptedException {
        try (Traffic traffic = new Traffic(server.address(), newQueue())) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(50);
                proxy.resetAll();
            }
            traffic.awaitMore(50);
            // The SDK itself sends again what had no answer, which the ledger can't know of.
            traffic.finish("connections reset 10 times", 10 * Traffic.WINDOW);
        }
    }

    @Test // F05
    void silentNetwork_isNoticed_andAllGoesOnWhenItIsBack() throws InterruptedException {
        try (Traffic traffic = new Traffic(server.address(), newQueue())) {
            traffic.awaitMore(100);
            proxy.drop(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            long since = System.nanoTime();
            Awaitility.await("a health that says so")
                    .atMost(SILENCE_NOTICED)
                    .until(() -> traffic.health() == Health.Status.DOWN);
            eventually("an event", () -> traffic.lost.get() > 0);
            eventually("the end of the silence", () -> System.nanoTime() - since > SILENCE.toNanos());
            proxy.heal();
            traffic.awaitMore(100);
            eventually("a health that says so", () -> traffic.health() == Health.Status.UP);
            traffic.finish("black hole", 10 * Traffic.WINDOW);
        }
    }

    @Test // F10
    void answersLost_messagesAreSentAgain_andOnAFifoQueueAreThereOnce() {
        String queue = SqsQueues.create(direct(), true);
        try (SqsProducer producer = SqsQueues.producer(server.address(), queue)
                .config(Traffic.config())
                .retry(Traffic.QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .build()) {
            TestSubscriber.get(producer.connect());
            proxy.drop(Direction.TO_CLIENT);
            var results = IntStream.range(0, 20)
                    .mapToObj(i -> producer.send(
                            Message.builder().id("m" + i).key("k").body("x" + i).build()))
                    .toList();
            eventually("messages without an answer", () -> visible(queue) >= 10);
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
    void consumerProcess_killedInTheMiddle_losesNothing() throws IOException {
        String queue = newQueue();
        Ledger ledger = new Ledger();
        int count = 3_000;
        try (SqsProducer producer = SqsQueues.producer(direct(), queue).build()) {
            for (int i = 0; i < count; i++) {
                ledger.send(producer, Message.builder().id("m" + i).body("x").build());
            }
        }
        assertThat(ledger.confirmed()).isEqualTo(count);
        Path journal = folder.resolve("journal");
        Files.createFile(journal);
        Random random = new Random(13);
        for (int kill = 0; kill < 4; kill++) {
            long enough = lines(journal).size() + 50L + random.nextInt(300);
            try (ChildJvm child = new ChildJvm(ConsumingChild.class, direct(), queue, journal.toString())) {
                eventually("progress before the kill", () -> lines(journal).size() >= enough);
                child.kill();
            }
        }
        try (ChildJvm last = new ChildJvm(ConsumingChild.class, direct(), queue, journal.toString())) {
            eventually("all messages", () -> Set.copyOf(lines(journal)).size() == count);
            last.terminate();
        }
        ledger.readJournal(journal);
        // What was acknowledged may wait for others for the request that tells the service.
        ledger.verify(4 * 2 * Traffic.WINDOW);
        System.out.println("consumer killed 4 times: " + ledger);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test // F17
    void handlerSlowerThanTheVisibilityTimeout_isNotDisturbed() {
        String queue = newQueue();
        send(queue, 3);
        Queue<Message> again = new ConcurrentLinkedQueue<>();
        try (SqsConsumer consumer = SqsQueues.consumer(direct(), queue)
                        .visibilityTimeout(Duration.ofSeconds(2))
                        .build();
                SqsConsumer other = SqsQueues.consumer(direct(), queue)
                        .visibilityTimeout(Duration.ofSeconds(2))
                        .build()) {
            TestSubscriber slow = TestSubscriber.requesting(3);
            consumer.consume().subscribe(slow);
            List<Message> messages = slow.await(3);
            TestSubscriber watching = TestSubscriber.handling(again::add);
            other.consume().subscribe(watching);
            // Three times the timeout.
            Awaitility.await()
                    .during(Duration.ofSeconds(6))
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
                .visibilityTimeout(Duration.ofSeconds(2))
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
    void consumersAndProducers_closedAtRandomMoments_loseNothing_andLeaveNothing() throws Exception {
        String queue = newQueue();
        Ledger ledger = new Ledger();
        int lives = 200;
        // Side by side, which is the load, and the polls are waited for at the same time.
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try {
            List<Callable<Duration>> all = IntStream.range(0, lives)
                    .<Callable<Duration>>mapToObj(life -> () -> liveAndClose(life, queue, ledger))
                    .toList();
            for (Future<Duration> closing : threads.invokeAll(all)) {
                assertThat(closing.get()).isLessThan(Duration.ofSeconds(2 * 5 + 2));
            }
        } finally {
            threads.shutdownNow();
        }
        try (SqsConsumer rest = SqsQueues.consumer(server.address(), queue).build()) {
            rest.consume().subscribe(TestSubscriber.handling(message -> {
                ledger.delivered(message.id());
                message.ack();
            }));
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        }
        ledger.verify(lives * Traffic.WINDOW);
        System.out.println("closed at " + lives + " random moments: " + ledger);
        eventually("no connection", () -> proxy.open() == 0);
        eventually(
                "no threads",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains(queue)));
    }

    /** Sends and consumes for a while that is random, and closes both; returns how long that took. */
    private Duration liveAndClose(int life, String queue, Ledger ledger) {
        Random random = new Random(life);
        SqsProducer producer = SqsQueues.producer(server.address(), queue)
                .closeTimeout(Duration.ofSeconds(5))
                .build();
        SqsConsumer consumer = SqsQueues.consumer(server.address(), queue)
                .closeTimeout(Duration.ofSeconds(5))
                .build();
        consumer.consume().subscribe(TestSubscriber.handling(message -> {
            ledger.delivered(message.id());
            message.ack();
        }));
        int messages = random.nextInt(60);
        for (int i = 0; i < messages; i++) {
            ledger.send(producer, Message.builder().id(life + "-" + i).body("x").build());
        }
        spin(random.nextInt(60_000_000));
        long before = System.nanoTime();
        consumer.close();
        producer.close();
        return Duration.ofNanos(System.nanoTime() - before);
    }

    /** A time too short to sleep for. */
    private static void spin(int nanos) {
        long until = System.nanoTime() + nanos;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }
}
