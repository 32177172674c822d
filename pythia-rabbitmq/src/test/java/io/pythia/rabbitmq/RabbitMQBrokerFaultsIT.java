package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.UncertainSendException;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What the broker itself does to its clients: closes channels, cancels consumers, deletes queues, stops reading. */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RabbitMQBrokerFaultsIT {
    private static final int LARGE = 64 << 10;

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final BrokerListener recorder = new BrokerListener() {
        @Override
        public void connectionLost(String broker, BrokerException cause) {
            events.add("lost: " + cause.getMessage());
        }

        @Override
        public void connectionRestored(String broker, Duration outage) {
            events.add("restored");
        }
    };
    private RabbitTestServer server;
    private FaultProxy proxy;

    @BeforeAll
    void start() {
        server = TestServers.newRabbit(
                Map.of("advanced.consumer_timeout", "5000", "advanced.channel_tick_interval", "500"));
        proxy = server.proxy();
    }

    @AfterEach
    void heal() {
        proxy.heal();
        events.clear();
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private RabbitMQConsumer.Builder consumer(String queue) {
        return RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .retry(Traffic.QUICK)
                .listener(recorder);
    }

    private RabbitMQProducer.Builder producer(String queue) {
        return RabbitMQProducer.builder()
                .queue(queue)
                .config(RabbitTraffic.config(server))
                .retry(Traffic.QUICK)
                .listener(recorder);
    }

    private void publish(String queue, String... bodies) {
        RabbitQueues.on(server.directAddress(), channel -> {
            for (String body : bodies) {
                channel.basicPublish("", queue, null, body.getBytes(StandardCharsets.UTF_8));
            }
            return null;
        });
    }

    @Test // F17, M7: the broker closes the channel of a consumer that keeps a message for too long
    void messageKeptBeyondTheConsumerTimeout_comesAgain_andTheStreamGoesOn() {
        String queue = RabbitQueues.create(server.directAddress());
        publish(queue, "slow");
        try (RabbitMQConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            consumer.consume().subscribe(subscriber);
            Message kept = subscriber.await(1).get(0);
            assertThat(kept.attempt()).isEqualTo(1);
            Message again = subscriber.await(2).get(1);
            assertThat(again.text()).isEqualTo("slow");
            assertThat(again.attempt()).isEqualTo(2);
            assertThat(events.get(0)).contains("consumer_timeout");
            assertThat(kept.isSettled()).isTrue();
            assertThat(TestSubscriber.get(kept.ack())).isEqualTo(Settled.STALE);
            assertThat(TestSubscriber.get(again.ack())).isEqualTo(Settled.DONE);
            publish(queue, "next");
            subscriber.await(3).get(2).ack();
            eventually("an event", () -> events.contains("restored"));
        }
        assertThat(RabbitQueues.ready(server.directAddress(), queue)).isZero();
    }

    @Test // F18, M6: a second ack of one tag, which only a broken client sends
    void channelClosedByTheBroker_isReplaced_andStaleAcksDoNotHarmTheNewOne() throws IOException {
        String queue = RabbitQueues.create(server.directAddress());
        publish(queue, "0", "1", "2", "3");
        try (RabbitMQConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            consumer.consume().subscribe(subscriber);
            List<Message> first = List.copyOf(subscriber.await(4));
            assertThat(TestSubscriber.get(first.get(0).ack())).isEqualTo(Settled.DONE);
            Channel channel = Objects.requireNonNull(consumer.receiver()).channel();
            channel.basicAck(1, false);
            subscriber.await(7);
            assertThat(events.get(0)).contains("unknown delivery tag 1");
            for (Message stale : first.subList(1, 4)) {
                assertThat(TestSubscriber.get(stale.ack())).isEqualTo(Settled.STALE);
            }
            for (Message again : subscriber.messages().subList(4, 7)) {
                assertThat(again.attempt()).isEqualTo(2);
                assertThat(TestSubscriber.get(again.ack())).isEqualTo(Settled.DONE);
            }
            assertThat(channel.getConnection().isOpen()).isFalse();
            publish(queue, "4");
            subscriber.await(8).get(7).ack();
            assertThat(events).hasSize(2).endsWith("restored");
        }
        assertThat(RabbitQueues.ready(server.directAddress(), queue)).isZero();
    }

    @Test // F18
    void connectionsClosedByAnOperator_comeBack() {
        String queue = RabbitQueues.create(server.directAddress());
        try (RabbitMQConsumer consumer = consumer(queue).build();
                RabbitMQProducer producer = producer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(producer.send(Message.of("before")));
            subscriber.await(1);
            server.control("close_all_connections", "maintenance");
            TestSubscriber.get(producer.send(Message.of("after")));
            subscriber.await(2);
            assertThat(events.stream().filter(event -> event.contains("maintenance")))
                    .isNotEmpty();
        }
    }

    @Test // F19
    void queueDeletedUnderTheConsumer_isDeclaredAgain() {
        String queue = RabbitQueues.name();
        try (RabbitMQConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(subscriber);
            publish(queue, "before");
            subscriber.await(1);
            RabbitQueues.on(server.directAddress(), channel -> channel.queueDelete(queue));
            eventually("an event", () -> events.contains("restored"));
            assertThat(events.get(0)).contains("cancelled the consumer");
            publish(queue, "after");
            subscriber.await(2);
        }
    }

    @Test // F19
    void queueDeleted_andNotOursToDeclare_isFatalOrWaitedFor_byPolicy() {
        String queue = RabbitQueues.create(server.directAddress());
        try (RabbitMQConsumer failing =
                        consumer(queue).topology(TopologyPolicy.PASSIVE).build();
                RabbitMQConsumer waiting = consumer(queue)
                        .topology(TopologyPolicy.PASSIVE)
                        .missingQueue(MissingQueue.WAIT)
                        .build()) {
            TestSubscriber ended = TestSubscriber.acknowledging();
            failing.consume().subscribe(ended);
            TestSubscriber patient = TestSubscriber.acknowledging();
            waiting.consume().subscribe(patient);
            eventually(
                    "two consumers",
                    () -> RabbitQueues.on(server.directAddress(), channel -> channel.consumerCount(queue)) == 2);
            int accepted = proxy.accepted();
            RabbitQueues.on(server.directAddress(), channel -> channel.queueDelete(queue));
            assertThat(ended.awaitEnd())
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(queue);
            eventually("a few more attempts of the other one", () -> proxy.accepted() >= accepted + 6);
            // Paced up to half a second: no storm.
            long since = System.nanoTime();
            int attempts = proxy.accepted();
            eventually("twelve more", () -> proxy.accepted() >= attempts + 12);
            assertThat(Duration.ofNanos(System.nanoTime() - since)).isGreaterThan(Duration.ofSeconds(1));
            assertThat(TestSubscriber.get(waiting.healthCheck()).detail()).contains(queue);
            RabbitQueues.on(server.directAddress(), channel -> channel.queueDeclare(queue, true, false, false, null));
            publish(queue, "after");
            patient.await(1);
        }
    }

    @Test // F20, M4
    void memoryAlarm_stopsPublishingWithoutBlockingAnybody_andAllGoesWhenItEnds() {
        String queue = RabbitQueues.create(server.directAddress());
        String other = RabbitQueues.create(server.directAddress());
        publish(other, "there before the alarm");
        try (RabbitMQProducer producer = producer(queue)
                        .sendTimeout(Duration.ofMinutes(2))
                        .maxInFlightBytes(40L * LARGE)
                        .build();
                RabbitMQConsumer consumer = consumer(other).build()) {
            TestSubscriber.get(producer.send(Message.of("before")));
            server.memoryAlarm(true);
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            try {
                Duration longest = Duration.ZERO;
                for (int i = 0; i < 200; i++) {
                    long before = System.nanoTime();
                    results.add(producer.send(
                            Message.builder().id("m" + i).body(new byte[LARGE]).build()));
                    Duration took = Duration.ofNanos(System.nanoTime() - before);
                    longest = took.compareTo(longest) > 0 ? took : longest;
                }
                assertThat(longest).isLessThan(Duration.ofSeconds(5));
                assertThat(results.stream().filter(CompletableFuture::isCompletedExceptionally))
                        .as("beyond the limit they are refused at once")
                        .hasSizeGreaterThan(150);
                eventually("a health that says so", () -> {
                    Health health = TestSubscriber.get(producer.healthCheck());
                    return health.status() == Health.Status.DOWN
                            && health.detail().contains("low on memory")
                            && health.facts().containsKey("blocked");
                });
                eventually("an event", () -> events.stream().anyMatch(event -> event.contains("low on memory")));
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                assertThat(subscriber.await(1).get(0).text()).isEqualTo("there before the alarm");
            } finally {
                server.memoryAlarm(false);
            }
            results.stream().filter(r -> !r.isCompletedExceptionally()).forEach(TestSubscriber::get);
            eventually(
                    "a health that says so",
                    () -> TestSubscriber.get(producer.healthCheck()).isUp());
            eventually("an event", () -> events.contains("restored"));
            long confirmed =
                    results.stream().filter(r -> !r.isCompletedExceptionally()).count();
            assertThat(RabbitQueues.ready(server.directAddress(), queue)).isEqualTo(confirmed + 1);
        }
    }

    @Test // F21, M4: the client's own close and abort do not return in this situation
    void closeDuringAMemoryAlarm_endsInTime_andLeavesNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        int open = proxy.open();
        RabbitMQProducer producer =
                producer(queue).closeTimeout(Duration.ofSeconds(2)).build();
        TestSubscriber.get(producer.send(Message.of("before")));
        server.memoryAlarm(true);
        try {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                results.add(producer.send(Message.of(new byte[LARGE])));
            }
            eventually(
                    "the broker to stop reading",
                    () -> TestSubscriber.get(producer.healthCheck()).facts().containsKey("blocked"));
            checkClose(producer, results, open, queue);
        } finally {
            server.memoryAlarm(false);
        }
    }

    @Test // F21: a write that hangs, before the broker or anybody could say so
    void closeDuringAWriteThatHangs_endsInTime_andLeavesNothing() {
        String queue = RabbitQueues.create(server.directAddress());
        int open = proxy.open();
        RabbitMQProducer producer =
                producer(queue).closeTimeout(Duration.ofSeconds(2)).build();
        TestSubscriber.get(producer.send(Message.of("before")));
        proxy.freeze();
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            results.add(producer.send(Message.of(new byte[1 << 20])));
        }
        eventually(
                "a write that hangs",
                () -> Thread.getAllStackTraces().entrySet().stream()
                        .anyMatch(thread -> thread.getKey().getName().equals("pythia-rabbitmq:" + queue + "-send")
                                && List.of(thread.getValue()).toString().contains("SocketFrameHandler")));
        checkClose(producer, results, open, queue);
    }

    private void checkClose(
            RabbitMQProducer producer, List<CompletableFuture<SendResult>> results, int open, String queue) {
        long before = System.nanoTime();
        producer.close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
        eventually("an outcome of each", () -> results.stream().allMatch(CompletableFuture::isDone));
        for (CompletableFuture<SendResult> result : results) {
            assertThatThrownBy(() -> TestSubscriber.get(result))
                    .isInstanceOfAny(MessageException.class, UncertainSendException.class);
        }
        proxy.heal();
        eventually("no connection", () -> proxy.open() <= open);
        eventually(
                "no threads",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains(queue)));
    }

    @Test // F26
    void poisonMessage_goesToTheDeadLettersAfterItsAttempts_andHoldsUpNobody() {
        String queue = RabbitQueues.create(server.directAddress());
        String letters = RabbitQueues.create(server.directAddress());
        for (int i = 0; i < 100; i++) {
            publish(queue, Integer.toString(i));
        }
        Set<String> handled = ConcurrentHashMap.newKeySet();
        try (RabbitMQConsumer consumer =
                        consumer(queue).maxAttempts(3).deadLetterQueue(letters).build();
                RabbitMQConsumer reading = consumer(letters).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (message.text().equals("42")) {
                    message.nack();
                } else {
                    handled.add(message.text());
                    message.ack();
                }
            });
            consumer.consume().subscribe(subscriber);
            TestSubscriber dead = TestSubscriber.acknowledging();
            reading.consume().subscribe(dead);
            Message letter = dead.await(1).get(0);
            assertThat(letter.text()).isEqualTo("42");
            assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("3");
            assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("3 attempts");
            eventually("all others", () -> handled.size() == 99);
            assertThat(subscriber.messages().stream().filter(m -> m.text().equals("42")))
                    .hasSize(3);
        }
        assertThat(RabbitQueues.ready(server.directAddress(), queue)).isZero();
    }

    @Test // F27
    void oversizeAndOddMessages_inTheMiddle_doNotStopTheGoodOnes() {
        String letters = RabbitQueues.create(server.directAddress());
        Map<String, Object> arguments = Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", letters);
        String queue = RabbitQueues.create(server.directAddress(), arguments);
        byte[] oversize = new byte[2_000];
        publishWithOddOnes(queue, oversize);
        List<String> read = new CopyOnWriteArrayList<>();
        try (RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(queue)
                .topology(TopologyPolicy.PASSIVE)
                .deadLetterExchange("")
                .config(RabbitTraffic.config(server).toBuilder()
                        .maxMessageBytes(1_000)
                        .build())
                .build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                // Whatever is asked of an odd message has an answer.
                read.add(message.text()
                        + message.id()
                        + message.key()
                        + message.headers().names()
                        + message.timestamp());
                message.ack();
            }));
            eventually("all but the oversize ones", () -> read.size() == 1_010);
            eventually("the others", () -> RabbitQueues.ready(server.directAddress(), letters) == 10);
        }
        assertThat(RabbitQueues.on(server.directAddress(), channel -> channel.basicGet(letters, true))
                        .getBody())
                .isEqualTo(oversize);
    }

    /** Publishes 1,000 good messages, and among them ten that are too large and ten that are odd. */
    private void publishWithOddOnes(String queue, byte[] oversize) {
        List<BasicProperties> odd = oddProperties();
        RabbitQueues.on(server.directAddress(), channel -> {
            for (int i = 0; i < 1_000; i++) {
                channel.basicPublish("", queue, null, ("good " + i).getBytes(StandardCharsets.UTF_8));
                if (i % 100 == 50) {
                    channel.basicPublish("", queue, null, oversize);
                    channel.basicPublish(
                            "", queue, odd.get(i / 100 % odd.size()), "odd".getBytes(StandardCharsets.UTF_8));
                }
            }
            return null;
        });
    }

    private static List<BasicProperties> oddProperties() {
        Random random = new Random(27);
        byte[] noise = new byte[100];
        random.nextBytes(noise);
        Map<String, Object> nested = new HashMap<>();
        nested.put("table", Map.of("deeper", Map.of("deepest", List.of(1, 2, 3))));
        nested.put("null", null);
        nested.put("noise", noise);
        Map<String, Object> many = new HashMap<>();
        for (int i = 0; i < 1_000; i++) {
            many.put("header-" + i, i);
        }
        return List.of(
                new BasicProperties.Builder().headers(nested).build(),
                new BasicProperties.Builder().headers(many).build(),
                new BasicProperties.Builder()
                        .headers(Map.of("pythia-order", "no list", "a", 1))
                        .build(),
                new BasicProperties.Builder()
                        .headers(Map.of("pythia-order", List.of("b"), "a", 1))
                        .build(),
                new BasicProperties.Builder()
                        .headers(Map.of("x-death", "forged", "x-delivery-count", "forged"))
                        .build(),
                new BasicProperties.Builder()
                        .headers(Map.of("x-delivery-count", Long.MAX_VALUE))
                        .build(),
                new BasicProperties.Builder()
                        .headers(Map.of("pythia-key", noise, "pythia-id", noise))
                        .build(),
                new BasicProperties.Builder()
                        .timestamp(new Date(Long.MAX_VALUE))
                        .build(),
                new BasicProperties.Builder().messageId("").priority(255).build(),
                new BasicProperties.Builder()
                        .contentEncoding("nonsense")
                        .expiration("60000")
                        .build());
    }
}
