package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.Settled;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What only Service Bus has, and each option of the builders. */
class ServiceBusFeaturesIT {
    private final ServiceBusTestServer server = TestServers.serviceBus();

    private String queue(QueueOptions options) {
        String name = "q-" + UUID.randomUUID();
        server.createQueue(name, options);
        return name;
    }

    private String queue() {
        return queue(QueueOptions.defaults());
    }

    private AzureConfig config() {
        return AzureConfig.of(server.connectionString());
    }

    private ServiceBusConsumer.Builder consumer(String queue) {
        return ServiceBusConsumer.builder().queueName(queue).config(config()).closeTimeout(Duration.ofSeconds(2));
    }

    private ServiceBusProducer.Builder producer(String queue) {
        return ServiceBusProducer.builder().queueName(queue).config(config());
    }

    private void send(String queue, String... bodies) {
        try (ServiceBusProducer producer = producer(queue).build()) {
            for (String body : bodies) {
                TestSubscriber.get(producer.send(Message.of(body)));
            }
        }
    }

    // Receiving.

    @Test
    void manyMessages_askedForAtOnce_areNotTooManyForTheClient() {
        String queue = queue();
        int count = 5_000;
        LeaseRuns.send(producer(queue).build(), count);
        Outages outages = new Outages();
        try (ServiceBusConsumer consumer = consumer(queue)
                .maxMessages(1_000)
                .prefetchCount(2_000)
                .listener(outages)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(count)).allMatch(message -> message.attempt() == 1);
        }
        assertThat(outages.causes()).isEmpty();
    }

    private static String fact(ServiceBusConsumer consumer, String name) {
        return TestSubscriber.get(consumer.healthCheck()).facts().getOrDefault(name, "");
    }

    @Test
    void maxMessages_limitsWhatIsAskedForAtOnce() {
        String queue = queue();
        send(queue, "0", "1", "2", "3", "4", "5", "6", "7");
        CountDownLatch release = new CountDownLatch(1);
        try (ServiceBusConsumer consumer = consumer(queue).maxMessages(2).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                awaitQuietly(release);
                message.ack();
            });
            consumer.consume().subscribe(subscriber); // which requests without a limit
            eventually(
                    "two that are locked, and no more",
                    () -> server.counts(queue).equals(List.of(6, 2, 0, 0)));
            release.countDown();
            subscriber.await(8);
        } finally {
            release.countDown();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void lockDuration_isLearntFromTheMessages_andNeverLongerThanTheSetting() {
        String queue = queue(QueueOptions.defaults().withLock(Duration.ofSeconds(5)));
        send(queue, "0");
        try (ServiceBusConsumer consumer = consumer(queue).build();
                ServiceBusConsumer strict =
                        consumer(queue).lockDuration(Duration.ofSeconds(2)).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(strict.connect());
            ServiceBusReceiver receiver = consumer.receiver();
            assertThat(receiver).isNotNull();
            assertThat(receiver.lease()).isEqualTo(Duration.ofSeconds(30));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            assertThat(receiver.lease()).isBetween(Duration.ofMillis(500), Duration.ofSeconds(5));
            assertThat(strict.receiver()).isNotNull();
            assertThat(strict.receiver().lease()).isEqualTo(Duration.ofSeconds(2));
        }
    }

    // Sessions.

    @Test
    void sessions_keepTheirOrder_andTheirState() {
        String queue = queue(QueueOptions.defaults().withSessions());
        try (ServiceBusProducer producer = producer(queue).sessions(true).build();
                ServiceBusConsumer consumer = consumer(queue)
                        .sessions(2)
                        .maxWaitTime(Duration.ofSeconds(1))
                        .build()) {
            for (int i = 0; i < 60; i++) {
                TestSubscriber.get(producer.send(
                        Message.builder().key("s" + i % 6).body("" + i).build()));
            }
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(60); // six sessions, two at a time
            for (int session = 0; session < 6; session++) {
                String key = "s" + session;
                assertThat(subscriber.messages().stream()
                                .filter(message -> key.equals(message.key()))
                                .map(message -> Integer.parseInt(message.text())))
                        .hasSize(10)
                        .isSorted();
            }
            assertThat(subscriber.messages()).allMatch(message -> message.attempt() == 1);
        }
    }

    @Test
    void sessions_isHowManyAreHeldAtATime() {
        String queue = queue(QueueOptions.defaults().withSessions());
        try (ServiceBusProducer producer = producer(queue).sessions(true).build();
                ServiceBusConsumer consumer = consumer(queue).sessions(3).build()) {
            for (int i = 0; i < 10; i++) {
                TestSubscriber.get(producer.send(
                        Message.builder().key("s" + i % 5).body("" + i).build()));
            }
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            consumer.consume().subscribe(subscriber);
            // All of three sessions; unsettled as they are, these make no room for another.
            assertThat(subscriber.await(6).stream().map(Message::key).distinct())
                    .hasSize(3);
            assertThat(fact(consumer, "sessions")).isEqualTo("3");
            assertThat(server.counts(queue).subList(0, 2)).containsExactly(4, 6);
        }
    }

    @Test
    void maxWaitTime_isAfterWhatASessionWithoutMessagesIsGivenBack() {
        String queue = queue(QueueOptions.defaults().withSessions());
        int sessions = 20; // with the default of 5 s that would take longer than the test waits
        try (ServiceBusProducer producer = producer(queue).sessions(true).build();
                ServiceBusConsumer consumer = consumer(queue)
                        .sessions(1)
                        .maxWaitTime(Duration.ofMillis(100))
                        .build()) {
            for (int i = 0; i < sessions; i++) {
                TestSubscriber.get(producer.send(
                        Message.builder().key("s" + i).body("" + i).build()));
            }
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(sessions);
        }
    }

    @Test
    void sessionState_isStoredWithASessionThatIsHeld() {
        String queue = queue(QueueOptions.defaults().withSessions());
        try (ServiceBusProducer producer = producer(queue).sessions(true).build();
                ServiceBusConsumer consumer = consumer(queue).sessionId("mine").build()) {
            TestSubscriber.get(
                    producer.send(Message.builder().key("other").body("0").build()));
            TestSubscriber.get(
                    producer.send(Message.builder().key("mine").body("1").build()));
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("1"); // only the session that is wanted
            byte[] state = "half done".getBytes(StandardCharsets.UTF_8);
            TestSubscriber.get(consumer.setSessionState("mine", state));
            assertThat(TestSubscriber.get(consumer.sessionState("mine"))).isEqualTo(state);
            assertThatThrownBy(() -> TestSubscriber.get(consumer.sessionState("other")))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("does not hold the session");
            assertThat(TestSubscriber.get(subscriber.messages().get(0).ack())).isEqualTo(Settled.DONE);
        }
    }

    @Test
    void sessionLock_isRenewedWhileAMessageIsInFlight() {
        Duration lock = Duration.ofSeconds(6);
        String queue = queue(QueueOptions.defaults().withSessions().withLock(lock));
        try (ServiceBusProducer producer = producer(queue).sessions(true).build();
                ServiceBusConsumer consumer =
                        consumer(queue).sessions(1).lockDuration(lock).build()) {
            TestSubscriber.get(
                    producer.send(Message.builder().key("s").body("0").build()));
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            long before = System.nanoTime();
            eventually("two lock times", () -> System.nanoTime() - before > 2 * lock.toNanos());
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
            assertThat(subscriber.count()).isEqualTo(1);
        }
    }

    @Test
    void consumerWithoutSessions_onAQueueWithThem_isSaid() {
        String queue = queue(QueueOptions.defaults().withSessions());
        try (ServiceBusConsumer consumer = consumer(queue)
                .retry(new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false))
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd())
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("sessions");
        }
    }

    // Sending.

    @Test
    void delayAndEnqueueAt_hideAMessage_untilItsTime() {
        String queue = queue();
        long before = System.nanoTime();
        try (ServiceBusProducer delayed =
                        producer(queue).delay(Duration.ofSeconds(8)).build();
                ServiceBusProducer byMessage = producer(queue)
                        .enqueueAt(message -> switch (message.text()) {
                            case "later" -> Instant.now().plusSeconds(8);
                            case "bad" -> throw new IllegalStateException("no time for this one");
                            default -> null;
                        })
                        .build();
                ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber.get(delayed.send(Message.of("delayed")));
            TestSubscriber.get(byMessage.send(Message.of("later")));
            assertThatThrownBy(() -> TestSubscriber.get(byMessage.send(Message.of("bad"))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("no time for this one");
            TestSubscriber.get(byMessage.send(Message.of("now")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("now");
            subscriber.await(3);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(7900));
        }
    }

    @Test
    void timeToLive_endsAMessage() {
        String queue = queue(QueueOptions.defaults().withDeadLetterOnExpiry());
        try (ServiceBusProducer producer =
                producer(queue).timeToLive(Duration.ofMillis(200)).build()) {
            TestSubscriber.get(producer.send(Message.of("x")));
            eventually(
                    "its end", () -> server.counts(queue + "/$deadletterqueue").get(0) == 1);
        }
    }

    @Test
    void idThatIsKnown_isDroppedByAQueueThatDetectsDuplicates() {
        String queue = queue(QueueOptions.defaults().withDuplicateDetection());
        try (ServiceBusProducer producer = producer(queue).build()) {
            for (int i = 0; i < 3; i++) {
                TestSubscriber.get(
                        producer.send(Message.builder().id("same").body("" + i).build()));
            }
        }
        assertThat(server.counts(queue).get(0)).isEqualTo(1);
    }

    @Test
    void batches_areMadeBySize_andOneThatIsTooLargeFailsAlone() {
        String queue = queue();
        byte[] large = new byte[100_000];
        List<CompletableFuture<SendResult>> results = new ArrayList<>();
        try (ServiceBusProducer producer = producer(queue).build()) {
            for (int i = 0; i < 10; i++) {
                results.add(producer.send(Message.of(i == 5 ? new byte[400_000] : large)));
            }
            TestSubscriber.get(producer.flush());
        }
        for (int i = 0; i < 10; i++) {
            CompletableFuture<SendResult> result = results.get(i);
            if (i == 5) {
                assertThatThrownBy(() -> TestSubscriber.get(result)).isInstanceOf(MessageException.class);
            } else {
                assertThat(TestSubscriber.get(result).destination()).isEqualTo(queue);
            }
        }
        assertThat(server.counts(queue).get(0)).isEqualTo(9);
    }

    @Test
    void busyService_isTriedAgain() { // C28
        String queue = queue();
        RetryConfig never = new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);
        // The engine tries again ...
        try (ServiceBusProducer producer = producer(queue).build()) {
            TestSubscriber.get(producer.connect());
            server.busy(queue, 2);
            TestSubscriber.get(producer.send(Message.of("x")));
        }
        // ... or nobody.
        try (ServiceBusProducer producer = producer(queue).retry(never).build()) {
            TestSubscriber.get(producer.connect());
            server.busy(queue, 1);
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x"))))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("busy");
        }
        assertThat(server.counts(queue).get(0)).isEqualTo(1);
    }

    @Test
    void idsThatAreTooLong_areNotSent() {
        String queue = queue();
        try (ServiceBusProducer producer = producer(queue).build()) {
            Message longId = Message.builder().id("i".repeat(129)).body("x").build();
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(longId))).isInstanceOf(MessageException.class);
        }
    }

    // Connecting.

    @Test
    void wrongKey_isSaid_withoutTheKey() {
        String queue = queue();
        AzureConfig wrong = AzureConfig.of(server.wrongConnectionString());
        try (ServiceBusConsumer consumer = consumer(queue).config(wrong).build();
                ServiceBusProducer producer = producer(queue).config(wrong).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .message()
                    .doesNotContain("d3Jvbmc");
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class);
        }
    }

    @Test
    void webSockets_goByPort443() {
        for (boolean webSockets : new boolean[] {true, false}) {
            AzureConfig nobody = AzureConfig.builder()
                    .connectionString("Endpoint=sb://127.0.0.1/;SharedAccessKeyName=a;SharedAccessKey=YQ==")
                    .webSockets(webSockets)
                    .timeout(Duration.ofSeconds(1))
                    .build();
            try (LogOf connections = new LogOf("com.azure.core.amqp.implementation.ReactorConnection");
                    ServiceBusConsumer consumer =
                            consumer("orders").config(nobody).build()) {
                consumer.connect();
                eventually("a connection", () -> connections.anyContains("\"port\":" + (webSockets ? 443 : 5671)));
            }
        }
    }

    @Test
    void timeout_limitsTheWaitForAnAnswer() {
        try (ServiceBusTestServer own = TestServers.newServiceBus()) {
            own.pause();
            AzureConfig quick = AzureConfig.builder()
                    .connectionString(own.connectionString())
                    .timeout(Duration.ofSeconds(1))
                    .build();
            try (ServiceBusConsumer consumer = consumer("orders")
                    .config(quick)
                    .connectTimeout(Duration.ofMinutes(2))
                    .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                        .isInstanceOf(BrokerTimeoutException.class)
                        .hasMessageContaining("PT1S");
            } finally {
                own.resume();
            }
        }
    }

    @Test // F19
    void queueThatIsDeleted_endsTheStream() {
        String queue = queue();
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            send(queue, "x");
            subscriber.await(1);
            server.delete(queue);
            assertThat(subscriber.awaitEnd()).isInstanceOf(DestinationNotFoundException.class);
        }
    }

    @Test
    void entityPathOfTheConnectionString_namesTheQueue() {
        String queue = queue();
        AzureConfig withPath = AzureConfig.of(server.connectionString() + "EntityPath=" + queue);
        try (ServiceBusProducer producer =
                        ServiceBusProducer.builder().config(withPath).build();
                ServiceBusConsumer consumer =
                        ServiceBusConsumer.builder().config(withPath).build()) {
            TestSubscriber.get(producer.send(Message.of("x")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).source()).isEqualTo(queue);
        }
    }
}
