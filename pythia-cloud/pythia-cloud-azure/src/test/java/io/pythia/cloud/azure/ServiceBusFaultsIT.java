package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.azure.core.amqp.models.AmqpMessageBody;
import com.azure.messaging.servicebus.ServiceBusClientBuilder;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusSenderClient;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The faults of the contract, on a stand-in of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServiceBusFaultsIT {
    private static final Duration LOCK = Duration.ofSeconds(6);
    /** Unsettled at most: what a reset lets come again. */
    private static final int WINDOW = 400;
    /** What four killed processes had: their windows, which are not more than what one receive brings and what was not yet settled. */
    private static final int KILLED = 4 * 500;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final ServiceBusTestServer server = TestServers.newServiceBus();

    @TempDir
    private Path folder;

    @BeforeAll
    void start() {
        assertThat(server.isOurs()).isTrue();
    }

    @AfterEach
    void heal() {
        server.proxy().heal();
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private String queue() {
        return queue(QueueOptions.defaults().withLock(LOCK));
    }

    private String queue(QueueOptions options) {
        String name = "q-" + UUID.randomUUID();
        server.createQueue(name, options);
        return name;
    }

    private AzureConfig config() {
        return AzureConfig.builder()
                .connectionString(server.connectionString())
                .timeout(Duration.ofSeconds(5))
                .build();
    }

    private ServiceBusConsumer.Builder consumer(String queue) {
        return ServiceBusConsumer.builder()
                .queueName(queue)
                .config(config())
                .maxInFlight(WINDOW)
                .closeTimeout(CLOSE_TIMEOUT)
                .retry(Traffic.QUICK);
    }

    private ServiceBusProducer producer(String queue) {
        return ServiceBusProducer.builder()
                .queueName(queue)
                .config(config())
                .retry(Traffic.QUICK)
                .sendTimeout(Duration.ofSeconds(90))
                .closeTimeout(CLOSE_TIMEOUT)
                .build();
    }

    private Traffic traffic(String queue) {
        return Traffic.builder()
                .producer((listener, metrics) -> producer(queue))
                .consumer(listener -> consumer(queue).listener(listener).build())
                .start();
    }

    @Test // F01
    void broker_killedUnderLoad_losesNothing_andAllComesBackByItself() {
        try (Traffic traffic = traffic(queue())) {
            for (int kill = 0; kill < 4; kill++) {
                traffic.awaitMore(200);
                int lost = traffic.lost();
                server.kill();
                traffic.awaitHealth(Health.Status.DOWN);
                eventually("an event", () -> traffic.lost() > lost);
                server.start();
            }
            traffic.awaitMore(200);
            traffic.awaitHealth(Health.Status.UP);
            traffic.finish("broker killed 4 times", 4 * WINDOW);
        }
    }

    @Test
    void sendWhileTheBrokerIsAway_isRepeatedByTheClient_asOftenAsMaxRetriesSays() {
        String queue = queue();
        RetryConfig never = new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);
        try (ServiceBusProducer producer = ServiceBusProducer.builder()
                .queueName(queue)
                .config(config().toBuilder()
                        .timeout(Duration.ofMinutes(1)) // for one try
                        .maxRetries(30) // till a process has ended and another has started
                        .build())
                .retry(never)
                .sendTimeout(Duration.ofSeconds(55))
                .build()) {
            TestSubscriber.get(producer.connect());
            server.kill();
            CompletableFuture<SendResult> sent = producer.send(Message.of("x"));
            server.start();
            assertThat(TestSubscriber.get(sent).destination()).isEqualTo(queue);
        }
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() {
        try (Traffic traffic = traffic(queue())) {
            for (int i = 0; i < 10; i++) {
                traffic.awaitMore(100);
                server.proxy().resetAll();
            }
            traffic.awaitMore(100);
            assertThat(traffic.lost()).isPositive();
            traffic.finish("connections reset 10 times", 10 * WINDOW);
        }
    }

    @Test // F05
    void silentNetwork_isNoticed_andAllComesBackByItself() {
        try (Traffic traffic = traffic(queue())) {
            traffic.awaitMore(200);
            server.proxy().drop(Direction.TO_SERVER);
            server.proxy().drop(Direction.TO_CLIENT);
            eventually("an event", () -> traffic.lost() > 0);
            traffic.awaitHealth(Health.Status.DOWN);
            server.proxy().heal();
            server.proxy().resetAll(); // bytes were swallowed: no connection from before makes sense any more
            traffic.awaitMore(200);
            traffic.finish("black hole", WINDOW);
        }
    }

    @Test // F08
    void connectionsReset_inTheMiddleOfFrames_loseNothing() {
        try (Traffic traffic = traffic(queue())) {
            FaultRuns.resetAtRandomBytes(server.proxy());
            traffic.awaitMore(200);
            traffic.finish("50 resets at random bytes", 50 * WINDOW);
        }
    }

    @Test // F13
    void consumerProcess_killedInTheMiddle_losesNothing() {
        String queue = queue();
        try (ServiceBusProducer producer = producer(queue)) {
            FaultRuns.killConsumers(
                    "servicebus",
                    producer,
                    4_000,
                    4,
                    folder.resolve("journal"),
                    journal -> new ChildJvm(
                            ConsumingChild.class, "servicebus", server.connectionString(), queue, journal.toString()),
                    KILLED);
        }
    }

    @Test // F17
    void handlerSlowerThanTheLock_keepsItsMessage() {
        String queue = queue();
        send(queue, 1);
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            assertThat(TestSubscriber.get(LeaseRuns.holdOn(consumer, LOCK).ack()))
                    .isEqualTo(Settled.DONE);
        }
        assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
    }

    @Test // F17, F42
    void lockThatIsNotRenewed_isStale_andNeverSettlesTheNextDelivery() {
        String queue = queue();
        send(queue, 1);
        try (ServiceBusConsumer consumer =
                consumer(queue).maxLease(Duration.ofMillis(1)).build()) {
            LeaseRuns.loseLease(
                    consumer, () -> assertThat(server.counts(queue).get(1)).isEqualTo(1));
        }
        assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
    }

    @Test // F18
    void linkDetachedByTheBroker_isReplaced_andSaid() {
        String queue = queue();
        try (Traffic traffic = traffic(queue)) {
            for (int i = 0; i < 3; i++) {
                traffic.awaitMore(100);
                int lost = traffic.lost();
                server.detach(queue);
                eventually("an event", () -> traffic.lost() > lost);
            }
            traffic.awaitMore(100);
            traffic.finish("link detached 3 times", 3 * WINDOW);
        }
    }

    @Test // T6
    void silentReceiver_isReplaced_whenTheQueueHasMessages() {
        String queue = queue();
        Outages outages = new Outages();
        try (ServiceBusConsumer consumer = consumer(queue)
                .maxWaitTime(Duration.ofSeconds(1))
                .silentAfter(Duration.ofSeconds(2))
                .listener(outages)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(consumer.connect());
            server.mute(queue, true);
            send(queue, 3);
            eventually("the watch", () -> outages.lost() > 0);
            assertThat(outages.causes().get(0)).hasMessageContaining("silent although the queue has messages");
            server.mute(queue, false);
            subscriber.await(3);
        }
    }

    @Test // F26
    void poisonMessage_goesToTheDeadLetters_andTheOthersGoOn() {
        String queue = queue();
        send(queue, 100);
        AtomicInteger tries = new AtomicInteger();
        Ledger good = new Ledger();
        try (ServiceBusConsumer consumer = consumer(queue).maxAttempts(3).build();
                ServiceBusConsumer letters =
                        consumer(queue).subQueue(SubQueue.DEAD_LETTER).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                if (message.text().equals("m50")) {
                    tries.incrementAndGet();
                    message.nack();
                } else {
                    good.delivered(message.text());
                    message.ack();
                }
            }));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            letters.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            assertThat(letter.text()).isEqualTo("m50");
            assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("3");
            assertThat(letter.headers().get("DeadLetterReason")).isEqualTo("given up after 3 attempts");
            eventually("the others", () -> good.delivered() == 99);
            assertThat(tries.get()).isEqualTo(3);
        }
    }

    @Test // F27
    void oddMessagesOfOtherPrograms_inTheMiddle_endInTheDeadLetters_orAreReadAsTheyAre() {
        String queue = queue();
        List<ServiceBusMessage> noBytes = oddBodies();
        List<ServiceBusMessage> odd = oddProperties();
        assertThat(noBytes.size() + odd.size()).isEqualTo(29);
        try (ServiceBusSenderClient raw = raw(queue)) {
            LeaseRuns.send(producer(queue), 500);
            raw.sendMessages(noBytes);
            raw.sendMessages(odd);
            LeaseRuns.send(producer(queue), 500);
        }
        List<String> read = new CopyOnWriteArrayList<>();
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                // Whatever is asked of an odd message has an answer.
                read.add(message.text() + message.id() + message.key() + message.headers() + message.timestamp());
                message.ack();
            }));
            eventually("all that have bytes", () -> read.size() >= 1_000 + odd.size());
            eventually(
                    "the others",
                    () -> server.counts(queue + "/$deadletterqueue").get(0) == noBytes.size());
        }
        assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
    }

    private ServiceBusSenderClient raw(String queue) {
        return new ServiceBusClientBuilder()
                .connectionString(server.connectionString())
                .sender()
                .queueName(queue)
                .buildClient();
    }

    /** Values and sequences that are no text and no bytes. */
    private static List<ServiceBusMessage> oddBodies() {
        List<Object> values = List.of(
                42L,
                4.2,
                true,
                'c',
                new Date(0),
                UUID.randomUUID(),
                Symbol.valueOf("symbol"),
                UnsignedLong.valueOf(7),
                Map.of("a", List.of(1)),
                List.of("a", 2L));
        List<ServiceBusMessage> messages = new ArrayList<>();
        values.forEach(value -> messages.add(new ServiceBusMessage(AmqpMessageBody.fromValue(value))));
        messages.add(new ServiceBusMessage(AmqpMessageBody.fromSequence(List.of())));
        messages.add(new ServiceBusMessage(AmqpMessageBody.fromSequence(List.of("a", "b"))));
        return messages;
    }

    /** Bytes with properties that are not those of this library, or look as if they were. */
    private static List<ServiceBusMessage> oddProperties() {
        byte[] noise = new byte[64];
        new Random(27).nextBytes(noise);
        List<ServiceBusMessage> messages = new ArrayList<>();
        for (String name :
                List.of(HeaderOrder.PROPERTY, ServiceBusMessages.KEY, "", "\u0000\r\n", "pythia-dead-letter-time")) {
            for (Object value : List.of("text", -1L, new Binary(noise))) {
                ServiceBusMessage message = new ServiceBusMessage(noise);
                message.getApplicationProperties().put(name, value);
                messages.add(message);
            }
        }
        messages.add(new ServiceBusMessage(AmqpMessageBody.fromValue("text")));
        messages.add(new ServiceBusMessage(new byte[0]));
        return messages;
    }

    @Test // F40
    void consumersAndProducers_closedAtRandomMoments_loseNothing_andLeaveNothing() {
        String queue = queue();
        Duration longest = FaultRuns.closeAtRandom(
                queue, () -> producer(queue), () -> consumer(queue).build(), WINDOW, 1);
        assertThat(longest).isLessThan(CLOSE_TIMEOUT.plusSeconds(5));
        eventually("no connection", () -> server.proxy().open() == 0);
    }

    @Test // F44
    void subscriberThatRequestsOne_keepsItsMessage_andGoesOnLater() {
        String queue = queue();
        send(queue, 5);
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            LeaseRuns.requestOne(consumer, LOCK);
        }
    }

    private void send(String queue, int count) {
        LeaseRuns.send(producer(queue), count);
    }
}
