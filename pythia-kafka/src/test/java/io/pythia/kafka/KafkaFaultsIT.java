package io.pythia.kafka;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import io.pythia.Subscribers;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What breaks in production, on a broker of its own: every message is counted. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KafkaFaultsIT {
    private TestServer server;

    @TempDir
    private Path folder;

    @BeforeAll
    void start() {
        server = TestServers.newKafka(Map.of());
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    @Test
    void consumerProcess_killed20Times_losesNothing() {
        String topic = KafkaTopics.create(server.address(), 2);
        try (KafkaProducer producer = producer(topic)) {
            // At most what was in flight or acknowledged and not committed, at each kill.
            FaultRuns.killConsumers(
                    "kafka",
                    producer,
                    30_000,
                    20,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(ConsumingChild.class, server.address(), topic, "group", journal.toString()),
                    20 * (500 + 10_000));
        }
    }

    private Traffic traffic(int partitions) {
        String topic = KafkaTopics.create(server.address(), partitions);
        return Traffic.builder()
                .producer((listener, metrics) -> KafkaProducer.builder()
                        .topic(topic)
                        .bootstrapServers(server.address())
                        .retry(Traffic.QUICK)
                        .sendTimeout(Duration.ofMinutes(5))
                        .build())
                .consumer(
                        listener -> consumer(topic, "group").listener(listener).build())
                .messages(i -> Message.builder()
                        .id("m" + i)
                        .key("k" + i % 100)
                        .body("m" + i)
                        .build())
                .pause(Duration.ofNanos(200_000))
                .start();
    }

    @Test
    void broker_killedUnderLoad_losesNothing_andAllComesBackByItself() {
        try (Traffic traffic = traffic(3)) {
            for (int kill = 0; kill < 3; kill++) {
                traffic.awaitMore(2_000);
                server.kill();
                traffic.awaitHealth(Health.Status.DOWN);
                server.start();
            }
            traffic.awaitMore(2_000);
            traffic.finish("broker killed 3 times", 3 * 20_000);
        }
    }

    private static void sendSteadily(MessageProducer producer, Ledger ledger, AtomicBoolean sending) {
        for (int i = 0; sending.get(); i++) {
            ledger.send(
                    producer,
                    Message.builder().id("m" + i).key("k" + i % 100).body("x").build());
            LockSupport.parkNanos(200_000);
        }
    }

    @Test
    void membersJoinAndLeave_underLoad_loseNothing() throws InterruptedException {
        String topic = KafkaTopics.create(server.address(), 6);
        Ledger ledger = new Ledger();
        AtomicBoolean sending = new AtomicBoolean(true);
        Set<String> working = ConcurrentHashMap.newKeySet();
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer first = consumer(topic, "group").build()) {
            consumeInto(ledger, first, "first", working);
            Thread load = new Thread(() -> sendSteadily(producer, ledger, sending), "load");
            load.start();
            for (int round = 0; round < 10; round++) {
                String name = "member-" + round;
                try (KafkaConsumer member = consumer(topic, "group").build()) {
                    consumeInto(ledger, member, name, working);
                    eventually("the new member to share the partitions", () -> working.contains(name));
                    working.remove("first");
                    eventually("the first member to go on", () -> working.contains("first"));
                }
                int before = ledger.delivered();
                eventually("the first member to take over", () -> ledger.delivered() > before + 500);
            }
            sending.set(false);
            load.join();
            TestSubscriber.get(producer.flush());
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        }
        ledger.verify(20 * 10_000);
        System.out.println("10 members joined and left: " + ledger);
    }

    private static void consumeInto(Ledger ledger, KafkaConsumer consumer, String name, Set<String> working) {
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            working.add(name);
                            ledger.delivered(message.id());
                            message.ack();
                        },
                        error -> {}));
    }

    @Test
    void handlerThatBlocksLongerThanThePollInterval_keepsItsPartitions() throws InterruptedException {
        String topic = KafkaTopics.create(server.address(), 1);
        KafkaConfig config = config().toBuilder()
                .sessionTimeout(Duration.ofSeconds(10))
                .maxPollInterval(Duration.ofSeconds(6))
                .build();
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger deliveries = new AtomicInteger();
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer slow = consumer(topic, "group").config(config).build();
                KafkaConsumer rival = consumer(topic, "group").config(config).build()) {
            for (int i = 0; i < 5_000; i++) {
                producer.send(Message.of(Integer.toString(i)));
            }
            TestSubscriber.get(producer.flush());
            CountDownLatch blocked = new CountDownLatch(1);
            slow.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                deliveries.incrementAndGet();
                                blocked.countDown();
                                awaitQuietly(release);
                                message.ack();
                            },
                            error -> {}));
            assertThat(blocked.await(60, TimeUnit.SECONDS)).isTrue();
            AtomicInteger stolen = new AtomicInteger();
            rival.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                stolen.incrementAndGet();
                                message.ack();
                            },
                            error -> {}));
            long until = System.nanoTime() + Duration.ofSeconds(14).toNanos();
            Awaitility.await().atMost(30, TimeUnit.SECONDS).until(() -> System.nanoTime() - until > 0);
            assertThat(stolen.get() + deliveries.get()).isEqualTo(1);
            release.countDown();
            eventually("the rest", () -> deliveries.get() + stolen.get() >= 5_000);
            assertThat(deliveries.get() + stolen.get()).isEqualTo(5_000);
        }
    }

    @Test
    void ackAfterTheConnectionIsGone_isStale() {
        String topic = KafkaTopics.create(server.address(), 1);
        try (KafkaProducer producer = producer(topic)) {
            TestSubscriber.get(producer.send(Message.of("x")));
        }
        KafkaConsumer first =
                consumer(topic, "group").closeTimeout(Duration.ofMillis(200)).build();
        TestSubscriber subscriber = TestSubscriber.requesting(1);
        first.consume().subscribe(subscriber);
        Message message = subscriber.await(1).get(0);
        TestSubscriber.get(first.disconnect());
        assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.STALE);
        try (KafkaConsumer second = consumer(topic, "group").build()) {
            TestSubscriber again = TestSubscriber.acknowledging();
            second.consume().subscribe(again);
            assertThat(again.await(1).get(0).text()).isEqualTo("x");
        }
    }

    @Test
    void poisonRecord_goesToTheDeadLetterTopic_withItsRawBytes() {
        String topic = KafkaTopics.create(server.address(), 1);
        String letters = KafkaTopics.create(server.address(), 1);
        byte[] poison = {(byte) 0xff, 1, 2};
        try (KafkaProducer producer = producer(topic)) {
            TestSubscriber.get(producer.send(Message.of("before")));
            TestSubscriber.get(producer.send(Message.of(poison)));
            TestSubscriber.get(producer.send(Message.of("after")));
        }
        try (KafkaConsumer consumer = consumer(topic, "group")
                        .deadLetterTopic(letters)
                        .valueDeserializer(bytes -> {
                            if (bytes[0] == (byte) 0xff) {
                                throw new IllegalArgumentException("not a text");
                            }
                            return bytes;
                        })
                        .build();
                KafkaConsumer reading = consumer(letters, "group").build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber dead = TestSubscriber.acknowledging();
            reading.consume().subscribe(dead);
            Message letter = dead.await(1).get(0);
            assertThat(letter.body()).isEqualTo(poison);
            assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("not a text");
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("before", "after");
        }
    }

    @Test
    void seekToBeginningAndEnd_moveTheRunningStream() {
        String topic = KafkaTopics.create(server.address(), 1);
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer consumer = consumer(topic, "group").build()) {
            TestSubscriber.get(producer.sendBatch(List.of(Message.of("a"), Message.of("b"))));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(2);
            TestSubscriber.get(consumer.commitOffsets());
            TestSubscriber.get(consumer.seekToBeginning());
            subscriber.await(4);
            assertThat(subscriber.texts()).containsExactly("a", "b", "a", "b");
            consumer.pause();
            TestSubscriber.get(producer.send(Message.of("skipped")));
            TestSubscriber.get(consumer.seekToEnd());
            consumer.resume();
            TestSubscriber.get(producer.send(Message.of("c")));
            eventually("what comes after the end", () -> subscriber.texts().contains("c"));
        }
    }

    /** The broker answers everything but commits: its topic of offsets takes no record. */
    @Test
    void commitsThatFail_makeTheHealthDown_andGoThroughWhenTheyCan() {
        String topic = KafkaTopics.create(server.address(), 1);
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer consumer = consumer(topic, "group").build()) {
            int count = 500;
            TestSubscriber.get(producer.sendBatch(
                    IntStream.range(0, count).mapToObj(i -> Message.of("m" + i)).toList()));
            TestSubscriber subscriber = TestSubscriber.requesting(count);
            consumer.consume().subscribe(subscriber);
            Iterator<Message> next = List.copyOf(subscriber.await(count)).iterator();
            assertThat(TestSubscriber.get(next.next().ack())).isEqualTo(Settled.DONE);
            AtomicReference<CompletableFuture<Settled>> open = new AtomicReference<>();
            KafkaTopics.set(server.address(), "__consumer_offsets", "max.message.bytes", "1");
            try {
                open.set(next.next().ack());
                eventually("the health to tell of it", () -> {
                    if (open.get().isDone()) { // the broker has not heard of its new limit yet
                        open.set(next.next().ack());
                    }
                    return isDown(consumer, "no position could be committed");
                });
                assertThat(open.get()).isNotDone();
                assertThatThrownBy(() -> TestSubscriber.get(consumer.commitOffsets()))
                        .isInstanceOf(BrokerException.class);
            } finally {
                KafkaTopics.set(server.address(), "__consumer_offsets", "max.message.bytes", "1048588");
            }
            assertThat(TestSubscriber.get(open.get())).isEqualTo(Settled.DONE);
            assertThat(TestSubscriber.get(consumer.healthCheck()).status()).isEqualTo(Health.Status.UP);
        }
    }

    @Test
    void brokerThatStaysAway_endsTheStream_ofAConsumerWithALimit() {
        String topic = KafkaTopics.create(server.address(), 1);
        RetryConfig once = new RetryConfig(1, Duration.ofMillis(10), Duration.ofMillis(10), false, false);
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer consumer = consumer(topic, "group").retry(once).build()) {
            TestSubscriber.get(producer.send(Message.of("before")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            server.kill();
            try {
                assertThat(subscriber.awaitEnd())
                        .isInstanceOf(BrokerException.class)
                        .matches(error -> ((BrokerException) error).isRetryable());
            } finally {
                server.start();
            }
        }
    }

    private static boolean isDown(KafkaConsumer consumer, String why) {
        Health health = TestSubscriber.get(consumer.healthCheck());
        return health.status() == Health.Status.DOWN
                && health.detail().contains(why)
                && health.facts().containsKey("commit-error");
    }

    @Test
    void newGroupProtocol_works() {
        String topic = KafkaTopics.create(server.address(), 3);
        try (KafkaProducer producer = producer(topic);
                KafkaConsumer consumer = KafkaConsumer.builder()
                        .topic(topic)
                        .consumerGroup(UUID.randomUUID().toString())
                        .bootstrapServers(server.address())
                        .groupProtocol(GroupProtocol.CONSUMER)
                        .build()) {
            List<Message> sent = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sent.add(Message.of("m" + i));
            }
            TestSubscriber.get(producer.sendBatch(sent));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(100);
            assertThat(subscriber.count()).isEqualTo(100);
        }
    }

    @Test
    void connectionsReset_manyTimes_loseNothing() {
        try (Traffic traffic = traffic(2)) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(300);
                server.proxy().resetAll();
            }
            traffic.finish("connections reset 10 times", 10 * 10_000);
        }
    }

    private KafkaConfig config() {
        return KafkaConfig.builder()
                .bootstrapServers(server.address())
                .sessionTimeout(Duration.ofSeconds(3))
                .heartbeatInterval(Duration.ofMillis(500))
                .build();
    }

    private KafkaConsumer.Builder consumer(String topic, String group) {
        return KafkaConsumer.builder()
                .topic(topic)
                .consumerGroup(topic + "-" + group)
                .config(config())
                .retry(Traffic.QUICK);
    }

    private KafkaProducer producer(String topic) {
        return KafkaProducer.builder()
                .topic(topic)
                .bootstrapServers(server.address())
                .retry(Traffic.QUICK)
                .build();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
