package io.pythia.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.Secret;
import io.pythia.kafka.KafkaConfig;
import io.pythia.kafka.KafkaConsumer;
import io.pythia.kafka.SecurityProtocol;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The snippets of {@code docs/configuration.md}, and what that page says of names and errors. Nothing is connected. */
class ConfigurationExamplesTest {
    @Test
    void ways(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("orders.properties");
        Files.writeString(
                file, "bootstrap-servers=localhost:9092\ntopic=orders\nconsumer-group=billing\nretry.max-delay=5s\n");
        // tag::ways[]
        Brokers brokers = Brokers.load();
        URI url = URI.create("kafka://localhost:9092/orders?consumer-group=billing&retry.max-delay=5s");
        MessageBroker byUrl = brokers.consumer(url);

        Map<String, String> settings = Map.of(
                "bootstrap-servers", "localhost:9092",
                "topic", "orders",
                "consumer-group", "billing",
                "retry.max-delay", "5s");
        MessageBroker byMap = brokers.consumer("kafka", settings);

        MessageBroker byFile = brokers.consumer("kafka", file); // a java.nio.file.Path

        MessageBroker inJava = KafkaConsumer.builder()
                .bootstrapServers("localhost:9092")
                .topic("orders")
                .consumerGroup("billing")
                .retry(RetryConfig.builder()
                        .maxRetries(RetryConfig.FOREVER)
                        .initialDelay(Duration.ofMillis(100))
                        .maxDelay(Duration.ofSeconds(5))
                        .build())
                .build();
        // end::ways[]
        assertThat(List.of(byUrl, byMap, byFile, inJava))
                .extracting(MessageBroker::name)
                .containsOnly("kafka:orders");
    }

    @Test
    void secret() {
        String password = "s3cret";
        // tag::secret[]
        KafkaConfig config = KafkaConfig.builder()
                .bootstrapServers("localhost:9092")
                .securityProtocol(SecurityProtocol.SASL_SSL)
                .saslUsername("billing")
                .saslPassword(Secret.of(password))
                .build();
        // end::secret[]
        assertThat(config.toString()).contains("billing").doesNotContain(password);
    }

    @Test
    void environment_hasMembersOfGroupsAndTheClientsOwnNames() {
        Settings settings = Settings.of("kafka", Map.of())
                .withEnvironment(Map.of(
                        "PYTHIA_KAFKA_TLS_CA_FILE", "/etc/ssl/ca.pem",
                        "PYTHIA_KAFKA_SECURITY_PROTOCOL", "ssl",
                        "PYTHIA_KAFKA_PROPERTIES_RECEIVE_BUFFER_BYTES", "65536",
                        "PYTHIA_KAFKA_NO_SUCH_SETTING", "1",
                        "PYTHIA_KAFKA_HEADER_ACCEPT", "x"));
        SettingsReader read = settings.reader();
        KafkaConfig config = read.bind(KafkaConfig.class);
        assertThat(read.group("header")).isEmpty();
        read.finish();
        assertThat(config.tls()).isNotNull();
        assertThat(config.properties()).containsEntry("receive.buffer.bytes", "65536");
    }

    static Stream<String> urlsOfTls() throws IOException {
        return Files.readString(Path.of("../docs/tls.md"))
                .lines()
                .filter(line -> line.startsWith("    "))
                .map(String::strip);
    }

    @ParameterizedTest
    @MethodSource("urlsOfTls")
    void urlOfTls_isTaken(String url, @TempDir Path folder) throws IOException {
        for (String name : List.of("ca.pem", "me.pem", "me.key")) {
            Files.createFile(folder.resolve(name));
        }
        Brokers brokers = Brokers.load();
        URI uri = URI.create(url.replace("/etc/ssl/", folder + "/"));
        try (AutoCloseable side = url.startsWith("webhook:") ? brokers.producer(uri) : brokers.consumer(uri)) {
            assertThat(side).isNotNull();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void problems_areToldAsThePageShows() throws IOException {
        URI url = URI.create("kafka://localhost:9092/orders?consumer-group=billing&retry.max-delay=5&batch-sise=10");
        String page = Files.readString(Path.of("../docs/configuration.md"));
        assertThatThrownBy(() -> Brokers.load().consumer(url))
                .isInstanceOf(ConfigException.class)
                .satisfies(e -> assertThat(page).contains(e.getMessage().indent(4)));
    }
}
