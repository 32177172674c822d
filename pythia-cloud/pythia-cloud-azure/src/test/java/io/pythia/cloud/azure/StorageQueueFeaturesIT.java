package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.storage.queue.QueueClient;
import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.models.PeekedMessageItem;
import com.azure.storage.queue.models.QueueMessageItem;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.AzuriteTestServer;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What only Storage Queue has, and each option of the builders, on Azurite. */
class StorageQueueFeaturesIT {
    private final TestServer server = TestServers.azurite();
    private final String queue = StorageQueueHarness.createQueue(server);

    private AzureConfig config() {
        return AzureConfig.of(AzuriteTestServer.connectionString(server));
    }

    private QueueClient raw(String name) {
        return new QueueClientBuilder()
                .connectionString(AzuriteTestServer.connectionString(server))
                .queueName(name)
                .buildClient();
    }

    private StorageQueueConsumer.Builder consumer() {
        return StorageQueueConsumer.builder()
                .queueName(queue)
                .config(config())
                .maxPollInterval(Duration.ofMillis(300))
                .closeTimeout(Duration.ofSeconds(2));
    }

    private StorageQueueProducer.Builder producer() {
        return StorageQueueProducer.builder().queueName(queue).config(config());
    }

    private void send(StorageQueueProducer.Builder builder, String... bodies) {
        try (StorageQueueProducer producer = builder.build()) {
            for (String body : bodies) {
                TestSubscriber.get(producer.send(Message.of(body)));
            }
        }
    }

    @Test
    void encodings_areWhatOthersRead() {
        send(producer(), "plain");
        assertThat(raw(queue).receiveMessage().getBody().toString())
                .isEqualTo(
                        Base64.getEncoder().encodeToString("plain".getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        send(producer().encoding(QueueEncoding.TEXT), "<plain> & more");
        assertThat(raw(queue).receiveMessage().getBody().toString()).isEqualTo("<plain> & more");
        raw(queue).sendMessage("from somebody else");
        try (StorageQueueConsumer consumer =
                consumer().encoding(QueueEncoding.TEXT).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("from somebody else");
        }
    }

    @Test
    void envelope_carriesIdKeyAndHeaders() {
        try (StorageQueueProducer producer = producer().envelope(true).build();
                StorageQueueConsumer consumer = consumer().envelope(true).build()) {
            Message sent = Message.builder()
                    .id("my-id")
                    .key("my-key")
                    .header("a", "1")
                    .header("a", "2")
                    .body("x")
                    .build();
            TestSubscriber.get(producer.send(sent));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Message received = subscriber.await(1).get(0);
            assertThat(received.id()).isEqualTo("my-id");
            assertThat(received.key()).isEqualTo("my-key");
            assertThat(received.headers()).isEqualTo(sent.headers());
        }
    }

    @Test
    void size_isCheckedBeforeTheWire() {
        try (StorageQueueProducer base64 = producer().build();
                StorageQueueProducer text =
                        producer().encoding(QueueEncoding.TEXT).build()) {
            TestSubscriber.get(base64.send(Message.of(new byte[49_152])));
            assertThatThrownBy(() -> TestSubscriber.get(base64.send(Message.of(new byte[49_153]))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("65536");
            TestSubscriber.get(text.send(Message.of("a".repeat(65_536))));
            assertThatThrownBy(() -> TestSubscriber.get(text.send(Message.of("a".repeat(65_537)))))
                    .isInstanceOf(MessageException.class);
            assertThatThrownBy(() -> TestSubscriber.get(text.send(Message.of(new byte[] {1, (byte) 0xFF}))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("BASE64");
        }
    }

    @Test
    void timeToLive_isForEver_unlessItIsSet() {
        send(producer(), "x");
        assertThat(raw(queue).receiveMessage().getExpirationTime())
                .isAfter(OffsetDateTime.now().plusYears(100));
        send(producer().timeToLive(Duration.ofHours(1)), "y");
        assertThat(raw(queue).receiveMessage().getExpirationTime())
                .isBefore(OffsetDateTime.now().plusHours(2));
    }

    @Test
    void delay_hidesAMessageAtFirst() {
        QueueClient raw = raw(queue);
        assertThat(raw.receiveMessage()).isNull(); // connected now
        send(producer().delay(Duration.ofSeconds(5)), "later");
        assertThat(raw.receiveMessage()).isNull();
        try (StorageQueueConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
        }
    }

    @Test
    void visibilityTimeout_isThatOfTheMessage() {
        send(producer(), "x");
        try (StorageQueueConsumer consumer =
                consumer().visibilityTimeout(Duration.ofMinutes(10)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            OffsetDateTime next = subscriber
                    .await(1)
                    .get(0)
                    .unwrap(QueueMessageItem.class)
                    .orElseThrow()
                    .getTimeNextVisible();
            assertThat(next)
                    .isBetween(
                            OffsetDateTime.now().plusMinutes(8),
                            OffsetDateTime.now().plusMinutes(11));
        }
    }

    @Test
    void messageCount_limitsOneRequest() {
        send(producer(), "0", "1", "2", "3", "4");
        AtomicInteger largest = new AtomicInteger();
        try (StorageQueueConsumer consumer = consumer()
                .messageCount(2)
                .metrics(new io.pythia.BrokerMetrics() {
                    @Override
                    public void received(String broker, int count, long bytes) {
                        largest.accumulateAndGet(count, Math::max);
                    }
                })
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(5);
            assertThat(largest.get()).isEqualTo(2);
        }
    }

    @Test
    void poisonQueue_isMadeWhenItIsNeeded_underItsName() {
        send(producer(), "bad");
        String poison = "p-" + UUID.randomUUID();
        try (StorageQueueConsumer consumer = consumer().poisonQueue(poison).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            eventually("the copy", () -> peek(poison) != null);
            assertThat(peek(queue + "-poison")).isNull();
        }
    }

    @Test
    void poisonQueue_goesOnWithTheNextConnection() {
        send(producer(), "bad");
        try (StorageQueueConsumer consumer = consumer().build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.disconnect());
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            eventually("the copy", () -> peek(queue + "-poison") != null);
        }
    }

    @Test
    void poisonMessage_isCopiedAsItIs_alsoWhatThisLibraryWouldNotSend() {
        String large = "-".repeat(QueueBody.MAX_TEXT - 10); // Base64 of it would be too large
        raw(queue).sendMessage("no Base64 \u00e9");
        raw(queue).sendMessage(large);
        String poison = queue + "-poison";
        try (StorageQueueConsumer consumer = consumer().build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            List<String> letters = new ArrayList<>();
            eventually("the copies", () -> {
                QueueMessageItem letter =
                        peek(poison) == null ? null : raw(poison).receiveMessage();
                return letter != null && letters.add(letter.getBody().toString()) && letters.size() == 2;
            });
            assertThat(letters).containsExactlyInAnyOrder("no Base64 \u00e9", large);
        }
    }

    @Test
    void delayOfLessThanASecond_isOne() {
        long before = System.nanoTime();
        send(producer().delay(Duration.ofMillis(1)), "later");
        eventually("its time", () -> raw(queue).peekMessage() != null);
        assertThat(System.nanoTime() - before)
                .isGreaterThan(Duration.ofMillis(500).toNanos());
    }

    private PeekedMessageItem peek(String name) {
        try {
            return raw(name).peekMessage();
        } catch (com.azure.storage.queue.models.QueueStorageException e) {
            return null;
        }
    }

    @Test
    void createQueue_makesAMissingOne_elseItIsSaid() {
        String missing = "m-" + UUID.randomUUID();
        try (StorageQueueProducer producer = producer().queueName(missing).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .isInstanceOf(DestinationNotFoundException.class);
        }
        send(producer().queueName(missing).createQueue(true), "x");
        try (StorageQueueConsumer consumer =
                consumer().queueName("n-" + UUID.randomUUID()).createQueue(true).build()) {
            TestSubscriber.get(consumer.connect());
        }
        assertThat(peek(missing)).isNotNull();
    }

    @Test
    void nameThatStorageDoesNotTake_isSaid_withWhatItTakes() {
        for (String name : List.of("Background-Tasks", "ab")) {
            try (StorageQueueProducer producer =
                    producer().queueName(name).createQueue(true).build()) {
                assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                        .isInstanceOf(BrokerException.class)
                        .hasMessageContaining("3 to 63 lower-case letters");
            }
        }
    }

    @Test
    void wrongKey_isSaid_withoutTheKey() {
        AzureConfig wrong = AzureConfig.of(AzuriteTestServer.wrongConnectionString(server));
        try (StorageQueueConsumer consumer = consumer().config(wrong).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .message()
                    .doesNotContain("d3Jvbmc");
        }
    }

    @Test
    void timeout_limitsOneRequest() {
        AzureConfig quick = config().toBuilder()
                .timeout(Duration.ofSeconds(1))
                .maxRetries(0)
                .build();
        RetryConfig never = new RetryConfig(0, Duration.ofMillis(10), Duration.ofMillis(10), false, false);
        server.proxy().freeze();
        long before = System.nanoTime();
        try (StorageQueueConsumer consumer = consumer()
                .config(quick)
                .retry(never)
                .connectTimeout(Duration.ofMinutes(2))
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect())).isInstanceOf(BrokerException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20)); // not 30 s
        } finally {
            server.proxy().heal();
            server.proxy().resetAll();
        }
    }
}
