package io.pythia.cloud.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.spi.Settings;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AzureProvidersTest {
    private static final String KEY = "c2VjcmV0LWNhbmFyeQ==";
    private static final String SERVICE_BUS =
            "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=" + KEY;
    private static final String STORAGE = "AccountName=contoso;AccountKey=" + KEY;

    private final Brokers brokers = Brokers.load();

    @Test
    void names_areFound() {
        assertThat(brokers.names()).contains("servicebus", "storage-queue");
    }

    @Test
    void urls_nameQueuesTopicsAndSubscriptions() {
        assertThat(brokers.consumer(URI.create("servicebus://contoso/orders")).name())
                .isEqualTo("servicebus:orders");
        assertThat(brokers.producer(URI.create("servicebus://contoso/orders")).name())
                .isEqualTo("servicebus:orders");
        URI subscription = URI.create("servicebus://contoso/events/subscriptions/billing?sub-queue=dead-letter");
        assertThat(brokers.consumer(subscription).name())
                .isEqualTo("servicebus:events/subscriptions/billing/dead-letter");
        assertThat(brokers.producer(subscription).name()).isEqualTo("servicebus:events");
        assertThat(brokers.consumer(URI.create("storage-queue://contoso/tasks")).name())
                .isEqualTo("storage-queue:tasks");
        assertThat(brokers.producer(URI.create("storage-queue://contoso/tasks")).name())
                .isEqualTo("storage-queue:tasks");
    }

    @Test
    void settings_ofBothSides_areTakenByBoth() {
        Map<String, String> bus = new HashMap<>(Map.of(
                "connection-string", SERVICE_BUS,
                "queue-name", "orders",
                "max-messages", "10",
                "max-wait-time", "2s",
                "prefetch-count", "5",
                "lock-duration", "20s",
                "sessions", "4",
                "silent-after", "30s",
                "time-to-live", "1h",
                "delay", "1s"));
        bus.put("timeout", "10s");
        bus.put("max-retries", "1");
        bus.put("web-sockets", "true");
        assertThat(brokers.consumer("servicebus", bus).name()).isEqualTo("servicebus:orders");
        assertThat(brokers.producer("servicebus", bus).name()).isEqualTo("servicebus:orders");
        Map<String, String> queue = new HashMap<>(Map.of(
                "connection-string", STORAGE,
                "queue-name", "tasks",
                "visibility-timeout", "1m",
                "message-count", "16",
                "min-poll-interval", "50ms",
                "max-poll-interval", "1s",
                "max-dequeue-count", "3",
                "poison-queue", "bad",
                "encoding", "text",
                "envelope", "true"));
        queue.put("create-queue", "true");
        queue.put("time-to-live", "1h");
        queue.put("delay", "1s");
        assertThat(brokers.consumer("storage-queue", queue).name()).isEqualTo("storage-queue:tasks");
        assertThat(brokers.producer("storage-queue", queue).name()).isEqualTo("storage-queue:tasks");
    }

    @Test
    void mistakes_areSaidAllAtOnce_withoutSecrets() {
        assertThatThrownBy(() -> brokers.consumer(
                        "servicebus",
                        Map.of(
                                "connection-string",
                                SERVICE_BUS + ";nonsense",
                                "queue-name",
                                "a b",
                                "max-message",
                                "3",
                                "prefetch-count",
                                "-1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("connection-string")
                .hasMessageContaining("queue-name")
                .hasMessageContaining("max-messages")
                .hasMessageContaining("prefetch-count")
                .message()
                .doesNotContain(KEY);
        assertThatThrownBy(() -> brokers.consumer("storage-queue", Map.of("connection-string", STORAGE)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("queue-name")
                .message()
                .doesNotContain(KEY);
        assertThatThrownBy(() -> brokers.consumer(URI.create("servicebus://contoso/a/b")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("servicebus://namespace/queue");
        assertThatThrownBy(() -> brokers.consumer(URI.create("storage-queue://contoso/a/b")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("storage-queue://account/queue");
    }

    @Test
    void builders_refuseWhatContradictsItself() {
        AzureConfig config = AzureConfig.of(SERVICE_BUS);
        assertThatThrownBy(() -> ServiceBusConsumer.builder().config(config).build())
                .hasMessageContaining("queueName or topicName");
        assertThatThrownBy(() -> ServiceBusConsumer.builder()
                        .topicName("t")
                        .config(config)
                        .build())
                .hasMessageContaining("subscriptionName");
        assertThatThrownBy(() -> ServiceBusConsumer.builder()
                        .queueName("q")
                        .sessionId("a")
                        .sessions(2)
                        .config(config)
                        .build())
                .hasMessageContaining("sessionId");
        assertThatThrownBy(() -> ServiceBusConsumer.builder()
                        .queueName("q")
                        .sessions(2)
                        .subQueue(SubQueue.DEAD_LETTER)
                        .config(config)
                        .build())
                .hasMessageContaining("subQueue");
        assertThatThrownBy(() -> ServiceBusProducer.builder()
                        .queueName("q")
                        .config(AzureConfig.of(SERVICE_BUS + ";EntityPath=other"))
                        .build())
                .hasMessageContaining("another entity");
        assertThatThrownBy(() -> StorageQueueConsumer.builder().messageCount(33))
                .hasMessageContaining("messageCount");
        assertThatThrownBy(() -> StorageQueueConsumer.builder()
                        .queueName("q")
                        .minPollInterval(java.time.Duration.ofSeconds(10))
                        .config(AzureConfig.of(STORAGE))
                        .build())
                .hasMessageContaining("maxPollInterval");
    }

    @Test
    void missingWayToTheService_isSaidByItsKey_withAllTheRest() {
        for (String name : List.of("servicebus", "storage-queue")) {
            Map<String, String> settings = Map.of("queue-name", "q", "timeuot", "1s");
            assertThat(List.of(
                            catchThrowableOfType(ConfigException.class, () -> brokers.consumer(name, settings)),
                            catchThrowableOfType(ConfigException.class, () -> brokers.producer(name, settings))))
                    .allSatisfy(e -> assertThat(e.problems())
                            .extracting(ConfigException.Problem::key)
                            .anyMatch(key -> key.startsWith("connection-string"))
                            .contains("timeuot")
                            .hasSize(2));
        }
        assertThatThrownBy(() -> brokers.consumer("servicebus", Map.of("connection-string", SERVICE_BUS)))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("queue-name: queue-name or topic-name must be set")
                .hasMessageNotContaining(KEY);
    }

    @Test
    void wayToTheService_thatWasGiven_goesBeforeThatOfTheEnvironment() {
        Map<String, String> environment = Map.of("PYTHIA_SERVICEBUS_CONNECTION_STRING", SERVICE_BUS);
        Settings settings = Settings.of("servicebus", Map.of("namespace", "contoso", "queue-name", "q"))
                .withEnvironment(environment);
        assertThat(new ServiceBusBrokerProvider().consumer(settings))
                .extracting("settings.config.connectionString", "settings.config.namespace")
                .containsExactly(null, "contoso");
        Settings own = Settings.of("servicebus", Map.of("connection-string", SERVICE_BUS, "queue-name", "q"))
                .withEnvironment(Map.of("PYTHIA_SERVICEBUS_NAMESPACE", "contoso", "PYTHIA_SERVICEBUS_TOPIC_NAME", "t"));
        assertThat(new ServiceBusBrokerProvider().consumer(own).name()).isEqualTo("servicebus:q");
        assertThat(new ServiceBusBrokerProvider().producer(own).name()).isEqualTo("servicebus:q");
    }

    /** The seed's example has it; the service refuses it at the first request. */
    @Test
    void queueNameWithAnUnderscore_isRefused() {
        assertThatThrownBy(() -> StorageQueueConsumer.builder().queueName("background_tasks"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("letters, digits and hyphens");
        assertThatThrownBy(() -> StorageQueueProducer.builder().queueName("background_tasks"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
