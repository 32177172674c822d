package io.pythia.cloud.gcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.testkit.TestSubscriber;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GcpConfigTest {
    private static final String ADDRESS = "127.0.0.1:1";

    @Test
    void defaults_takeTheEmulatorOfTheEnvironment() {
        assertThat(GcpConfig.defaults(Map.of("PUBSUB_EMULATOR_HOST", "localhost:8085"))
                        .emulatorHost())
                .isEqualTo("localhost:8085");
        assertThat(GcpConfig.defaults(Map.of("PUBSUB_EMULATOR_HOST", " ")).emulatorHost())
                .isNull();
        GcpConfig plain = GcpConfig.defaults(Map.of());
        assertThat(plain.emulatorHost()).isNull();
        assertThat(plain.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(plain.maxRetries()).isEqualTo(3);
    }

    @Test
    void valuesThatContradict_areRefused_byName() {
        assertThatThrownBy(() -> GcpConfig.builder().timeout(Duration.ZERO).build())
                .hasMessageContaining("timeout");
        assertThatThrownBy(() -> GcpConfig.builder().maxRetries(-1).build()).hasMessageContaining("maxRetries");
        assertThatThrownBy(() -> GcpConfig.builder().emulatorHost("localhost").build())
                .hasMessageContaining("emulatorHost");
        assertThatThrownBy(() -> GcpConfig.builder().endpoint("https://x").build())
                .hasMessageContaining("endpoint");
        assertThatThrownBy(() -> GcpConfig.builder().projectId("a/b").build()).hasMessageContaining("projectId");
        assertThatThrownBy(() -> GcpConfig.builder()
                        .credentialsPath("key.json")
                        .emulatorHost(ADDRESS)
                        .build())
                .hasMessageContaining("credentialsPath");
        assertThatThrownBy(() -> GcpConfig.builder()
                        .endpoint(ADDRESS)
                        .emulatorHost(ADDRESS)
                        .build())
                .hasMessageContaining("endpoint");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ab",
                "1abc",
                "goog-mine",
                "a b",
                "a/b",
                "projects/p/topics/abc",
                "projects//subscriptions/abc",
                "projects/p/subscriptions/",
                "projects/p/subscriptions/a/b",
                "abc\n",
                "日本語"
            })
    void oddNames_areRefused_beforeTheyTravel(String name) {
        PubSubSubscriber.Builder builder = PubSubSubscriber.builder()
                .subscriptionName(name)
                .config(GcpConfig.builder().projectId("p").build());
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("subscriptionName");
    }

    @Test
    void names_areCompletedByTheProject() {
        GcpConfig config =
                GcpConfig.builder().projectId("p").emulatorHost(ADDRESS).build();
        assertThat(PubSubSubscriber.builder()
                        .subscriptionName("orders")
                        .config(config)
                        .build()
                        .subscriptionName())
                .isEqualTo("projects/p/subscriptions/orders");
        assertThat(PubSubPublisher.builder()
                        .topicName("projects/other/topics/orders")
                        .config(config)
                        .build()
                        .topicName())
                .isEqualTo("projects/other/topics/orders");
        assertThatThrownBy(() -> PubSubPublisher.builder().topicName("orders").build())
                .hasMessageContaining("projectId");
        assertThatThrownBy(() -> PubSubPublisher.builder().build()).hasMessageContaining("topicName");
        assertThatThrownBy(() -> PubSubSubscriber.builder().build()).hasMessageContaining("subscriptionName");
    }

    @Test
    void limitsOfTheService_areChecked() {
        assertThatThrownBy(() -> PubSubSubscriber.builder().ackDeadline(Duration.ofSeconds(9)))
                .hasMessageContaining("ackDeadline");
        assertThatThrownBy(() -> PubSubSubscriber.builder().ackDeadline(Duration.ofSeconds(601)))
                .hasMessageContaining("ackDeadline");
        assertThatThrownBy(() -> PubSubSubscriber.builder().ackDeadline(Duration.ofMillis(10_500)))
                .hasMessageContaining("ackDeadline");
        assertThatThrownBy(() -> PubSubSubscriber.builder().maxMessages(0)).hasMessageContaining("maxMessages");
        assertThatThrownBy(() -> PubSubPublisher.builder().maxRequestBytes(0)).hasMessageContaining("maxRequestBytes");
        assertThatThrownBy(() -> PubSubPublisher.builder().attributes(Map.of("a", "x".repeat(1_025))))
                .hasMessageContaining("the value of a")
                .hasMessageNotContaining("xxx");
    }

    @Test
    void path_isTheSubscriptionOrTheTopic_unlessASettingSaysAnother() {
        Brokers brokers = Brokers.load();
        URI uri = URI.create("pubsub://my-project/orders?topicName=events&emulator-host=" + ADDRESS);
        assertThat(brokers.consumer(uri))
                .isInstanceOfSatisfying(
                        PubSubSubscriber.class,
                        consumer -> assertThat(consumer.subscriptionName())
                                .isEqualTo("projects/my-project/subscriptions/orders"));
        assertThat(brokers.producer(uri))
                .isInstanceOfSatisfying(
                        PubSubPublisher.class,
                        producer -> assertThat(producer.topicName()).isEqualTo("projects/my-project/topics/events"));
    }

    @Test
    void refusal_suggestsOnlyWhatCanBeSet() {
        assertThatThrownBy(() -> Brokers.load().consumer("pubsub", Map.of("resourse", "x", "project-id", "p")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("resourse: is not known")
                .hasMessageNotContaining("resource");
    }

    @Test
    void urlsAndSettings_makeConsumersAndProducers() {
        Brokers brokers = Brokers.load();
        String query = "?emulator-host=" + ADDRESS + "&max-messages=5&ack-deadline=20s&ordering-key=k&attributes.a=b";
        assertThat(brokers.consumer(URI.create("pubsub://my-project/orders" + query)))
                .isInstanceOfSatisfying(PubSubSubscriber.class, consumer -> {
                    assertThat(consumer.subscriptionName()).isEqualTo("projects/my-project/subscriptions/orders");
                    assertThat(consumer.name()).isEqualTo("pubsub:orders");
                });
        assertThat(brokers.producer(URI.create("pubsub://my-project/orders" + query)))
                .isInstanceOfSatisfying(
                        PubSubPublisher.class,
                        producer -> assertThat(producer.topicName()).isEqualTo("projects/my-project/topics/orders"));
        assertThat(brokers.consumer(
                        "pubsub", Map.of("subscription-name", "projects/p/subscriptions/s-1", "max-messages", "7")))
                .isInstanceOf(PubSubSubscriber.class);
        assertThatThrownBy(() -> brokers.consumer(
                        "pubsub", Map.of("max-messages", "0", "ack-deadline", "1s", "max-mesages", "1")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("max-messages")
                .hasMessageContaining("ack-deadline")
                .hasMessageContaining("max-mesages")
                .hasMessageContaining("subscription-name");
        assertThatThrownBy(() -> brokers.consumer(URI.create("pubsub:orders"))).isInstanceOf(ConfigException.class);
    }

    @Test
    void nameThatIsNone_isReportedByItsKey_withAllTheRest() {
        Brokers brokers = Brokers.load();
        assertThatThrownBy(() -> brokers.consumer(
                        "pubsub",
                        Map.of("subscription-name", "goog", "max-mesages", "1", "ack-deadline-seconds", "60")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("subscription-name", "max-mesages", "ack-deadline-seconds"))
                .hasMessageContaining("did you mean ack-deadline?");
        assertThatThrownBy(() -> brokers.producer("pubsub", Map.of("topic-name", "orders", "max-batc", "1")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("topic-name", "max-batc"))
                .hasMessageContaining("set project-id");
    }

    @Test
    void credentialsThatCantBeRead_areSaid_withoutTheirContent(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("key.json");
        Files.writeString(file, "{\"type\": \"service_account\", \"private_key\": \"canary-3141\"}");
        for (Path path : new Path[] {file, folder.resolve("missing.json")}) {
            try (PubSubSubscriber consumer = PubSubSubscriber.builder()
                    .subscriptionName("projects/p/subscriptions/orders")
                    .config(GcpConfig.builder()
                            .credentialsPath(path)
                            .endpoint(ADDRESS)
                            .build())
                    .build()) {
                assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                        .isInstanceOf(BrokerAuthenticationException.class)
                        .hasMessageContaining("credentialsPath")
                        .satisfies(error -> assertThat(stackTrace(error)).doesNotContain("canary-3141"));
            }
        }
    }

    @Test
    void endpoint_isWhereItConnectsTo_byTls(@TempDir Path folder) throws Exception {
        KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
        keys.initialize(2048);
        String key = Base64.getEncoder()
                .encodeToString(keys.generateKeyPair().getPrivate().getEncoded());
        Path file = folder.resolve("key.json");
        Files.writeString(
                file,
                "{\"type\":\"service_account\",\"client_id\":\"1\",\"client_email\":\"a@example.com\",\"private_key_id\":\"1\","
                        + "\"private_key\":\"-----BEGIN PRIVATE KEY-----\\n" + key
                        + "\\n-----END PRIVATE KEY-----\"}");
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                PubSubSubscriber consumer = PubSubSubscriber.builder()
                        .subscriptionName("projects/p/subscriptions/orders")
                        .config(GcpConfig.builder()
                                .credentialsPath(file)
                                .endpoint("127.0.0.1:" + server.getLocalPort())
                                .build())
                        .build()) {
            server.setSoTimeout(60_000);
            consumer.connect();
            try (Socket client = server.accept()) {
                assertThat(client.getInputStream().read()).as("a TLS handshake").isEqualTo(22);
            }
        }
    }

    private static String stackTrace(Throwable error) {
        java.io.StringWriter text = new java.io.StringWriter();
        error.printStackTrace(new java.io.PrintWriter(text));
        return text.toString();
    }
}
