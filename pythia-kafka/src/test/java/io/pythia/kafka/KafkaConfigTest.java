package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.TlsConfig;
import io.pythia.spi.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaConfigTest {

    @Test
    void everyComponent_becomesTheClientsSetting() {
        KafkaConfig config = KafkaConfig.builder()
                .bootstrapServers("h1:1,h2:2")
                .clientId("me")
                .securityProtocol(SecurityProtocol.SASL_PLAINTEXT)
                .saslMechanism("SCRAM-SHA-512")
                .saslUsername("us\"er")
                .saslPassword("p\\w\"; x=\"y")
                .sessionTimeout(Duration.ofSeconds(11))
                .heartbeatInterval(Duration.ofSeconds(2))
                .maxPollInterval(Duration.ofSeconds(13))
                .retries(5)
                .batchSize(1234)
                .linger(Duration.ofMillis(7))
                .bufferMemory(99)
                .compression("lz4")
                .requestTimeout(Duration.ofSeconds(3))
                .properties(Map.of("max.poll.records", "17"))
                .build();
        assertThat(ClientProperties.producer(config, Duration.ofSeconds(30)))
                .containsEntry("bootstrap.servers", "h1:1,h2:2")
                .containsEntry("client.id", "me")
                .containsEntry("security.protocol", "SASL_PLAINTEXT")
                .containsEntry("sasl.mechanism", "SCRAM-SHA-512")
                .containsEntry("acks", "all")
                .containsEntry("retries", 5)
                .containsEntry("enable.idempotence", true)
                .containsEntry("batch.size", 1234)
                .containsEntry("linger.ms", 7)
                .containsEntry("buffer.memory", 99L)
                .containsEntry("compression.type", "lz4")
                .containsEntry("request.timeout.ms", 3000)
                .containsEntry("delivery.timeout.ms", 30_000)
                .containsEntry("max.block.ms", 0);
        assertThat(String.valueOf(ClientProperties.producer(config, Duration.ofSeconds(30))
                        .get("sasl.jaas.config")))
                .startsWith("org.apache.kafka.common.security.scram.ScramLoginModule required ")
                .contains("username=\"us\\\"er\"", "password=\"p\\\\w\\\"; x=\\\"y\"");
        assertThat(ClientProperties.consumer(config, "g", GroupProtocol.CLASSIC))
                .containsEntry("group.id", "g")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("auto.offset.reset", "none")
                .containsEntry("session.timeout.ms", 11_000)
                .containsEntry("heartbeat.interval.ms", 2000)
                .containsEntry("max.poll.interval.ms", 13_000)
                .containsEntry("max.poll.records", "17");
        assertThat(config.toString()).doesNotContain("p\\w");
        assertThat(config.toBuilder().build()).isEqualTo(config);
    }

    /** The Admin client is asked before each connect: what only it does not know would keep everybody out. */
    @Test
    void propertiesOfTheClient_reachTheAdmin_asFarAsItKnowsThem() {
        KafkaConfig config = KafkaConfig.builder()
                .securityProtocol(SecurityProtocol.SASL_SSL)
                .properties(Map.of(
                        "sasl.mechanism", "OAUTHBEARER",
                        "sasl.jaas.config", "a.Module required;",
                        "ssl.truststore.location", "/etc/trust.p12",
                        "default.api.timeout.ms", "5000",
                        "max.poll.records", "17",
                        "my.interceptor.url", "http://example.org"))
                .build();
        assertThat(ClientProperties.admin(config))
                .containsEntry("sasl.mechanism", "OAUTHBEARER")
                .containsEntry("sasl.jaas.config", "a.Module required;")
                .containsEntry("ssl.truststore.location", "/etc/trust.p12")
                .containsEntry("retries", 2)
                .doesNotContainKeys("max.poll.records", "my.interceptor.url", "default.api.timeout.ms");
    }

    @Test
    void contradictions_areRefused() {
        assertThatThrownBy(() -> KafkaConfig.builder().acks(Acks.LEADER).build())
                .hasMessageContaining("idempotence");
        assertThat(KafkaConfig.builder()
                        .acks(Acks.LEADER)
                        .idempotence(false)
                        .build()
                        .acks())
                .isEqualTo(Acks.LEADER);
        assertThatThrownBy(() -> KafkaConfig.builder().retries(0).build()).hasMessageContaining("retries");
        assertThatThrownBy(() -> KafkaConfig.builder().saslUsername("u").build())
                .hasMessageContaining("saslPassword");
        assertThatThrownBy(() -> KafkaConfig.builder()
                        .properties(Map.of("enable.auto.commit", "true"))
                        .build())
                .hasMessageContaining("enable.auto.commit");
        assertThatThrownBy(() -> KafkaConsumer.builder()
                        .topic("t")
                        .consumerGroup("g")
                        .groupProtocol(GroupProtocol.CONSUMER)
                        .config(KafkaConfig.builder()
                                .sessionTimeout(Duration.ofSeconds(9))
                                .build())
                        .build())
                .hasMessageContaining("CONSUMER");
        assertThatThrownBy(() -> KafkaConsumer.builder().topic("t").build()).hasMessageContaining("consumerGroup");
        KafkaConfig controls = KafkaConfig.builder()
                .securityProtocol(SecurityProtocol.SASL_PLAINTEXT)
                .saslUsername("u\n")
                .saslPassword("p")
                .build();
        assertThatThrownBy(() -> ClientProperties.connection(controls)).hasMessageContaining("saslUsername");
    }

    @Test
    void whatTheClientWouldRefuseLater_isRefusedAtOnce() {
        for (String servers : List.of("h", "h:", ":9092", "h:0", "h:99999", "h:9092,other", "h:nine")) {
            assertThatThrownBy(() ->
                            KafkaConfig.builder().bootstrapServers(servers).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bootstrapServers");
        }
        assertThat(KafkaConfig.builder().bootstrapServers("a:9092, [::1]:9093").build())
                .isNotNull();
        assertThatThrownBy(() -> KafkaConfig.builder().compression("rar").build())
                .hasMessageContaining("compression must be one of [none, gzip");
        assertThatThrownBy(() -> KafkaConfig.builder()
                        .securityProtocol(SecurityProtocol.SASL_SSL)
                        .build())
                .hasMessageContaining("saslUsername");
        assertThat(KafkaConfig.builder()
                        .securityProtocol(SecurityProtocol.SASL_SSL)
                        .properties(Map.of("sasl.jaas.config", "x"))
                        .build())
                .isNotNull();
    }

    @Test
    void namesOfTheSeed_areTaken() {
        KafkaConfig config = KafkaConfig.builder()
                .securityProtocol("SASL_SSL")
                .saslUsername("user")
                .saslPassword("pass")
                .autoOffsetReset("earliest")
                .acks("all")
                .build();
        assertThat(config.securityProtocol()).isEqualTo(SecurityProtocol.SASL_SSL);
        assertThat(config.autoOffsetReset()).isEqualTo(AutoOffsetReset.EARLIEST);
        assertThat(config.acks()).isEqualTo(Acks.ALL);
        assertThatThrownBy(() -> KafkaConfig.builder().acks("some"))
                .hasMessageContaining("acks must be one of all, leader, none");
        assertThat(KafkaConfig.builder().acks("1").idempotence(false).build().acks())
                .isEqualTo(Acks.LEADER);
        assertThat(KafkaConfig.builder().securityProtocol("ssl").build().securityProtocol())
                .isEqualTo(SecurityProtocol.SSL);
    }

    @Test
    void toString_hasNoSecret_alsoNoneOfTheClientsOwnSettings() {
        KafkaConfig config = KafkaConfig.builder()
                .securityProtocol(SecurityProtocol.SASL_SSL)
                .saslUsername("user")
                .saslPassword("c4nary")
                .properties(Map.of("ssl.keystore.password", "c4nary"))
                .build();
        assertThat(config.toString()).contains("ssl.keystore.password").doesNotContain("c4nary");
        assertThat(config.toBuilder().build()).isEqualTo(config);
        assertThat(config.properties()).containsEntry("ssl.keystore.password", "c4nary");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a b", "ü", "a\u0000"})
    void illegalTopics_areRefusedBeforeAnyInput(String topic) {
        assertThatThrownBy(() -> KafkaProducer.builder().topic(topic)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void url_becomesAConsumerAndAProducer() {
        URI uri = URI.create("kafka://h1:9092,h2:9092/orders?consumer-group=billing&properties.max.poll.records=5");
        assertThat(Brokers.load().consumer(uri).name()).isEqualTo("kafka:orders");
        assertThat(Brokers.load().producer(uri).name()).isEqualTo("kafka:orders");
        assertThatThrownBy(() -> Brokers.load().consumer(URI.create("kafka://h1:9092/orders?batch-sise=5")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("did you mean batch-size?")
                .hasMessageContaining("consumer-group: is missing");
    }

    @Test
    void partitions_needNoGroup_andContradictWhatOnlyAGroupHas() {
        String url = "kafka://h1:9092/orders?";
        assertThat(Brokers.load().consumer(URI.create(url + "partitions=0,2")).name())
                .isEqualTo("kafka:orders");
        assertThat(Brokers.load().producer(URI.create(url + "partitions=0,2")).name())
                .isEqualTo("kafka:orders");
        for (String wrong : List.of("partitions=", "partitions=a", "partitions=0,-1", "partitions=0,")) {
            assertThatThrownBy(() -> Brokers.load().consumer(URI.create(url + wrong)))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("partitions");
        }
        assertThatThrownBy(() -> Brokers.load()
                        .consumer(URI.create("kafka://h1:9092?consumer-group=g&topic-pattern=o.*&partitions=0")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("partitions can't be used with topic-pattern");
        assertThatThrownBy(() -> KafkaConsumer.builder()
                        .topic("t")
                        .partitions(0)
                        .groupInstanceId("till-7")
                        .build())
                .hasMessageContaining("groupInstanceId");
        assertThatThrownBy(() -> KafkaConsumer.builder().partitions())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one");
    }

    @Test
    void urlWithAUserAndNoPassword_isRefused() {
        URI uri = URI.create("kafka://user@h1:9092/orders?consumer-group=billing");
        assertThatThrownBy(() -> Brokers.load().consumer(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("sasl-password");
        assertThatThrownBy(() -> Brokers.load().producer(uri))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("sasl-password");
    }

    static java.util.stream.Stream<Class<? extends Throwable>> tableRows() {
        return KafkaErrors.TABLE.stream().map(KafkaErrors.Row::type);
    }

    @ParameterizedTest
    @MethodSource("tableRows")
    void everyRowOfTheTable_isReached(Class<? extends Throwable> type) throws ReflectiveOperationException {
        Throwable error;
        try {
            error = type.getConstructor(String.class).newInstance("said so");
        } catch (NoSuchMethodException | InstantiationException e) {
            error = new org.apache.kafka.common.errors.NotLeaderOrFollowerException(
                    "said so"); // abstract: by one of its kind
        }
        BrokerException translated = KafkaErrors.translate("doing something", error);
        assertThat(translated)
                .hasMessageContaining("doing something")
                .hasMessageContaining("said so")
                .hasCause(error);
        KafkaErrors.Row row = KafkaErrors.TABLE.stream()
                .filter(r -> r.type() == type)
                .findFirst()
                .orElseThrow();
        if (error.getClass() == type) {
            assertThat(translated).hasMessageContaining(row.advice());
        }
    }

    @Test
    void certificates_encrypt_inSettingsAsInCode() {
        assertThat(KafkaConfig.builder().tls(TlsConfig.defaults()).build().securityProtocol())
                .isEqualTo(SecurityProtocol.SSL);
        Brokers brokers = Brokers.load();
        Map<String, String> settings =
                new HashMap<>(Map.of("topic", "t", "consumer-group", "g", "tls.verify-hostname", "true"));
        assertThat(brokers.consumer("kafka", settings).name()).isEqualTo("kafka:t");
        assertThat(brokers.producer("kafka", settings).name()).isEqualTo("kafka:t");
    }

    private static KafkaConfig config(Map<String, String> given, Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(given);
        all.put("topic", "t");
        Settings settings = Settings.of("kafka", all).withEnvironment(environment);
        return (KafkaConfig) assertThat(new KafkaBrokerProvider().producer(settings))
                .extracting("settings.config")
                .actual();
    }

    @Test
    void certificates_areCarriedUnused_ifItIsSaidThatNothingIsEncrypted() {
        TlsConfig files = TlsConfig.defaults();
        for (KafkaConfig config : List.of(
                KafkaConfig.builder()
                        .securityProtocol(SecurityProtocol.PLAINTEXT)
                        .tls(files)
                        .build(),
                KafkaConfig.builder()
                        .tls(files)
                        .securityProtocol(SecurityProtocol.PLAINTEXT)
                        .build(),
                config(Map.of("security-protocol", "plaintext", "tls.verify-hostname", "true"), Map.of()),
                config(Map.of("security-protocol", "plaintext"), Map.of("PYTHIA_KAFKA_TLS_VERIFY_HOSTNAME", "true")))) {
            assertThat(config.securityProtocol()).isEqualTo(SecurityProtocol.PLAINTEXT);
            assertThat(config.tls()).isEqualTo(files);
            assertThat(config.toBuilder().build()).isEqualTo(config);
            assertThat(ClientProperties.connection(config).keySet()).noneMatch(name -> name.startsWith("ssl."));
        }
        Map<String, String> certificates = Map.of("tls.verify-hostname", "true");
        for (String word : List.of("PLAINTEXT", "SASL_PLAINTEXT")) {
            assertThat(config(certificates, Map.of("PYTHIA_KAFKA_SECURITY_PROTOCOL", word))
                            .securityProtocol())
                    .isEqualTo(SecurityProtocol.SSL);
        }
        assertThat(config(
                                certificates,
                                Map.of(
                                        "PYTHIA_KAFKA_SECURITY_PROTOCOL",
                                        "SASL_SSL",
                                        "PYTHIA_KAFKA_SASL_USERNAME",
                                        "u",
                                        "PYTHIA_KAFKA_SASL_PASSWORD",
                                        "p"))
                        .securityProtocol())
                .isEqualTo(SecurityProtocol.SASL_SSL);
    }

    @Test
    void topicThatWasGiven_goesBeforeAPatternOfTheEnvironment() {
        KafkaBrokerProvider provider = new KafkaBrokerProvider();
        Map<String, String> environment = Map.of("PYTHIA_KAFKA_TOPIC_PATTERN", "a.*");
        Map<String, String> group = Map.of("consumer-group", "g");
        Map<String, String> topic = Map.of("consumer-group", "g", "topic", "orders");
        assertThat(provider.consumer(Settings.of("kafka", topic).withEnvironment(environment))
                        .name())
                .isEqualTo("kafka:orders");
        assertThat(provider.consumer(Settings.of("kafka", group).withEnvironment(environment))
                        .name())
                .contains("a.*");
        Map<String, String> both = Map.of("consumer-group", "g", "topic", "orders", "topic-pattern", "a.*");
        assertThatThrownBy(() -> provider.consumer(Settings.of("kafka", both)))
                .isInstanceOf(ConfigException.class)
                .hasMessage("kafka: topic, topic-pattern: exclude each other: only one of them can be set");
    }

    /** A wrong word for the protocol is the one problem: what needs another protocol follows from it. */
    @Test
    void problems_areReportedAllAtOnce_andNoneTwice() {
        Map<String, String> settings = new HashMap<>(Map.of("consumer-group", "g", "batch-size", "0"));
        settings.putAll(Map.of(
                "security-protocol",
                "sasl",
                "sasl-username",
                "u",
                "sasl-password",
                "p",
                "retries",
                "-1",
                "linger-ms",
                "5"));
        settings.putAll(Map.of("session-timeout", "-1s", "topic", ""));
        assertThatThrownBy(() -> new KafkaBrokerProvider().consumer(Settings.of("kafka", settings)))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder(
                                        "batch-size",
                                        "security-protocol",
                                        "retries",
                                        "session-timeout",
                                        "topic",
                                        "linger-ms"))
                .hasMessageContaining("did you mean linger?");
    }
}
