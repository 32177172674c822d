package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.SocketConfigurators;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.TlsConfig;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.Settings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RabbitMQConfigTest {
    private final Brokers brokers = Brokers.load();

    @Test
    void everyComponent_becomesTheClientsSetting() {
        RabbitMQConfig config = RabbitMQConfig.builder()
                .host("h")
                .port(1)
                .username("user")
                .password("s3cret")
                .virtualHost("v")
                .heartbeat(Duration.ofSeconds(600))
                .rpcTimeout(Duration.ofSeconds(3))
                .frameMax(8192)
                .maxMessageBytes(200L << 20)
                .build();
        ConnectionFactory factory = factory(config);
        assertThat(factory.getUsername()).isEqualTo("user");
        assertThat(factory.getPassword()).isEqualTo("s3cret");
        assertThat(factory.getVirtualHost()).isEqualTo("v");
        assertThat(factory.getRequestedHeartbeat()).isEqualTo(600);
        assertThat(factory.getChannelRpcTimeout()).isEqualTo(3_000);
        assertThat(factory.getRequestedFrameMax()).isEqualTo(8192);
        assertThat(factory.getConnectionTimeout()).isEqualTo(7_000);
        assertThat(factory.isAutomaticRecoveryEnabled()).isFalse();
        assertThat(factory.isTopologyRecoveryEnabled()).isFalse();
        assertThat(factory.isSSL()).isFalse();
        assertThat(config.brokers()).containsExactly(new Address("h", 1));
        assertThat(config.toString()).doesNotContain("s3cret");
        assertThat(config.toBuilder().build()).isEqualTo(config);
        assertThat(factory(config.toBuilder().tls(TlsConfig.defaults()).build()).isSSL())
                .isTrue();
    }

    private static ConnectionFactory factory(RabbitMQConfig config) {
        return Connections.factory(
                config, Duration.ofSeconds(7), Runnable::run, SocketConfigurators.defaultConfigurator(), frames -> {});
    }

    @Test
    void brokers_haveThePortOfTheProtocol_orAreAList() {
        assertThat(RabbitMQConfig.defaults().brokers()).containsExactly(new Address("localhost", 5672));
        assertThat(RabbitMQConfig.builder().sslEnabled(true).build().brokers())
                .containsExactly(new Address("localhost", 5671));
        assertThat(RabbitMQConfig.builder()
                        .addresses(List.of("a:1", "[::1]:2"))
                        .build()
                        .brokers())
                .containsExactly(new Address("a", 1), new Address("[::1]", 2));
        assertThat(RabbitMQConfig.builder()
                        .addresses(List.of("a:1", "b", "[::1]"))
                        .sslEnabled(true)
                        .build()
                        .brokers())
                .containsExactly(new Address("a", 1), new Address("b", 5671), new Address("[::1]", 5671));
    }

    @Test
    void connectTimeout_coversEveryTry() {
        RabbitMQConfig config = RabbitMQConfig.builder()
                .connectionAttempts(3)
                .retryDelay(Duration.ofSeconds(5))
                .build();
        assertThat(config.connectTimeout(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(40));
        RabbitMQConfig cluster =
                config.toBuilder().addresses(List.of("a:1", "b:2")).build();
        assertThat(cluster.connectTimeout(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(70));
    }

    @Test
    void connectTimeout_isOfOneTryForTheClient_andOfAllForTheEngine_howeverOftenItIsBuilt() {
        RabbitMQConfig config =
                RabbitMQConfig.builder().addresses(List.of("a:1", "b:2")).build();
        RabbitMQConsumer.Builder consumers =
                RabbitMQConsumer.builder().queue("q").config(config).connectTimeout(Duration.ofSeconds(3));
        RabbitMQProducer.Builder producers =
                RabbitMQProducer.builder().queue("q").config(config).connectTimeout(Duration.ofSeconds(3));
        for (int i = 0; i < 2; i++) {
            for (Object built : List.of(consumers.build(), producers.build())) {
                assertThat(built)
                        .extracting("settings.connectTimeout", "options.connectTimeout")
                        .containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(6));
            }
        }
    }

    static Stream<Consumer<RabbitMQConfig.Builder>> bad() {
        return Stream.of(
                b -> b.host(""),
                b -> b.host("h:5672"),
                b -> b.host("u:p@h"),
                b -> b.port(65_536),
                b -> b.port(-1),
                b -> b.addresses(List.of("h:")),
                b -> b.addresses(List.of("h:0")),
                b -> b.addresses(List.of("u:p@h:5672")),
                b -> b.username(""),
                b -> b.virtualHost(""),
                b -> b.heartbeat(Duration.ZERO),
                b -> b.heartbeat(Duration.ofDays(1)),
                b -> b.connectionAttempts(0),
                b -> b.retryDelay(Duration.ofSeconds(-1)),
                b -> b.tls(TlsConfig.defaults().withoutHostnameVerification()),
                b -> b.rpcTimeout(Duration.ZERO),
                b -> b.frameMax(100),
                b -> b.maxMessageBytes(0));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void badValue_isRefused(Consumer<RabbitMQConfig.Builder> change) {
        RabbitMQConfig.Builder builder = RabbitMQConfig.builder();
        change.accept(builder);
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void url_becomesSettings() {
        RabbitMQBrokerProvider provider = new RabbitMQBrokerProvider();
        assertThat(provider.fromUri(BrokerUri.parse("rabbitmq://u%40x:p%3A1@h1:1,h2/%2Fv")))
                .containsEntry("addresses", "h1:1,h2")
                .containsEntry("virtual-host", "/v")
                .containsEntry("username", "u@x")
                .containsEntry("password", "p:1");
        assertThat(provider.fromUri(BrokerUri.parse("amqps://[::1]/v"))).containsEntry("addresses", "[::1]");
        assertThat(provider.fromUri(BrokerUri.parse("amqp://h/"))).doesNotContainKey("virtual-host");
        assertThat(provider.fromUri(BrokerUri.parse("amqp://h/%2F"))).containsEntry("virtual-host", "/");
    }

    @Test
    void url_becomesAConsumerAndAProducer() {
        URI uri = URI.create("rabbitmq://guest:guest@localhost:5672/%2F?queue=orders&queue-type=quorum"
                + "&prefetch-count=10&queue-arguments=x-max-length=5,x-overflow=reject-publish&persistent=false");
        assertThat(brokers.consumer(uri).name()).isEqualTo("rabbitmq:orders");
        assertThat(brokers.producer(uri).name()).isEqualTo("rabbitmq:orders");
        URI exchange = URI.create("amqp://localhost/?exchange=x&exchange-type=topic&queue=q&routing-key=a.*,b");
        assertThat(brokers.consumer(exchange).name()).isEqualTo("rabbitmq:q");
        assertThat(brokers.producer(exchange).name()).isEqualTo("rabbitmq:x");
    }

    /** {@code amqp://u:p@x@h/} is localhost and guest for the client's own parser. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "amqp://u:s3cret@x@h/?queue=q",
                "amqp://u:s3cret@h/a/b?queue=q",
                "amqp://u:s3cret@h:99999/?queue=q",
                "amqp://u:s3cret:x@h/?queue=q",
                "amqp://u:s3cret@h/?queue=q&password=s3cret",
                "amqp://u:s3cret@h/?queue=q&hartbeat=5s"
            })
    void oddUrl_isRefused_withoutItsPassword(String url) {
        assertThatThrownBy(() -> brokers.consumer(URI.create(url)))
                .isInstanceOf(ConfigException.class)
                .message()
                .doesNotContain("s3cret");
    }

    @Test
    void amqps_isEncrypted_howeverItIsAskedFor() {
        Map<String, String> settings = Map.of("queue", "q", "tls.ca-file", "ca.pem");
        assertThat(brokers.consumer("amqps", settings).name()).isEqualTo("rabbitmq:q");
        assertThat(brokers.consumer(URI.create("amqps://h/?queue=q&tls.ca-file=ca.pem"))
                        .name())
                .isEqualTo("rabbitmq:q");
        assertThatThrownBy(() -> brokers.consumer("amqps", Map.of("queue", "q", "ssl-enabled", "false")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("ssl-enabled");
    }

    @Test
    void certificates_encrypt_inSettingsAsInCode() {
        Map<String, String> settings = Map.of("queue", "q", "tls.ca-file", "ca.pem");
        assertThat(brokers.consumer("amqp", settings).name()).isEqualTo("rabbitmq:q");
        assertThat(brokers.producer("amqp", settings).name()).isEqualTo("rabbitmq:q");
        assertThat(config(settings, Map.of()).sslEnabled()).isTrue();
        assertThat(config(settings, Map.of()).brokers()).containsExactly(new Address("localhost", 5671));
    }

    /** The seed has {@code RabbitMQConfig(ssl_enabled=False, certfile=..., keyfile=..., ca_certs=...)}. */
    @Test
    void certificates_areCarriedUnused_ifItIsSaidThatNothingIsEncrypted() {
        TlsConfig files = TlsConfig.trusting(Path.of("ca.pem"));
        for (RabbitMQConfig config : List.of(
                RabbitMQConfig.builder().sslEnabled(false).tls(files).build(),
                RabbitMQConfig.builder().tls(files).sslEnabled(false).build(),
                RabbitMQConfig.builder().tls(files).sslEnabled(false).build().toBuilder()
                        .tls(files)
                        .build(),
                config(Map.of("queue", "q", "tls.ca-file", "ca.pem", "ssl-enabled", "false"), Map.of()),
                config(
                        Map.of("queue", "q", "ssl-enabled", "false"),
                        Map.of("PYTHIA_RABBITMQ_TLS_CA_FILE", "ca.pem")))) {
            assertThat(config.sslEnabled()).isFalse();
            assertThat(config.tls()).isEqualTo(files);
            assertThat(config.brokers()).containsExactly(new Address("localhost", 5672));
            assertThat(factory(config).isSSL()).isFalse();
        }
        assertThat(RabbitMQConfig.builder().tls(files).build().sslEnabled()).isTrue();
        assertThat(config(Map.of("queue", "q", "tls.ca-file", "ca.pem"), Map.of("PYTHIA_RABBITMQ_SSL_ENABLED", "false"))
                        .sslEnabled())
                .isTrue();
    }

    private static Settings settings(Map<String, String> given, Map<String, String> environment) {
        return Settings.of("rabbitmq", given).withEnvironment(environment);
    }

    private static RabbitMQConfig config(Map<String, String> given, Map<String, String> environment) {
        return (RabbitMQConfig) assertThat(new RabbitMQBrokerProvider().consumer(settings(given, environment)))
                .extracting("settings.config")
                .actual();
    }

    @Test
    void addressThatWasGiven_goesBeforeThatOfTheEnvironment() {
        Map<String, String> addresses = Map.of("PYTHIA_RABBITMQ_ADDRESSES", "production:1,production:2");
        assertThat(config(Map.of("queue", "q", "host", "staging"), addresses).brokers())
                .containsExactly(new Address("staging", 5672));
        assertThat(config(Map.of("queue", "q", "port", "7"), addresses).brokers())
                .containsExactly(new Address("localhost", 7));
        assertThat(config(Map.of("queue", "q"), addresses).brokers()).hasSize(2);
        assertThat(config(
                                Map.of("queue", "q", "addresses", "staging:3"),
                                Map.of("PYTHIA_RABBITMQ_HOST", "h", "PYTHIA_RABBITMQ_PORT", "nonsense"))
                        .brokers())
                .containsExactly(new Address("staging", 3));
        assertThatThrownBy(() -> config(Map.of("queue", "q", "addresses", "a", "host", "b"), Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("addresses, host: exclude each other");
    }

    @Test
    void queueOfAProducer_goesBeforeAnExchangeOfTheEnvironment() {
        Map<String, String> environment = Map.of(
                "PYTHIA_RABBITMQ_EXCHANGE", "events", "PYTHIA_RABBITMQ_ROUTING_KEY", "k", "PYTHIA_RABBITMQ_QUEUE", "e");
        RabbitMQBrokerProvider provider = new RabbitMQBrokerProvider();
        assertThat(provider.producer(settings(Map.of("queue", "orders"), environment))
                        .name())
                .isEqualTo(provider.producer(settings(Map.of("queue", "orders"), Map.of()))
                        .name());
        assertThat(provider.producer(settings(Map.of("queue", "orders", "exchange", "own"), environment))
                        .name())
                .isEqualTo(provider.producer(settings(Map.of("exchange", "own"), Map.of()))
                        .name());
        assertThat(provider.producer(settings(Map.of(), environment)).name())
                .isEqualTo(provider.producer(settings(Map.of("exchange", "events"), Map.of()))
                        .name());
    }

    @Test
    void argumentsInSettings_haveTheBrokersTypes() {
        assertThat(RabbitMQBrokerProvider.typed("5")).isEqualTo(5L);
        assertThat(RabbitMQBrokerProvider.typed("true")).isEqualTo(true);
        assertThat(RabbitMQBrokerProvider.typed("reject-publish")).isEqualTo("reject-publish");
        assertThatThrownBy(() -> brokers.consumer("rabbitmq", Map.of("queue", "q", "queue-arguments", "x-max-length")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("name=value");
    }

    @Test
    void everyProblem_isReportedAtOnce() {
        assertThatThrownBy(() -> brokers.consumer(
                        "rabbitmq",
                        Map.of("prefetch-count", "0", "exchange-type", "tropic", "qeue", "x", "password", "s3cret")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("queue: is missing")
                .hasMessageContaining("prefetch-count = \"0\"")
                .hasMessageContaining("direct, topic, fanout, headers")
                .hasMessageContaining("did you mean queue?")
                .message()
                .doesNotContain("s3cret");
    }

    static Stream<RabbitMQConsumer.Builder> contradictingConsumers() {
        return Stream.of(
                RabbitMQConsumer.builder(),
                RabbitMQConsumer.builder().queue("q").routingKey("k"),
                RabbitMQConsumer.builder().queue("q").deadLetterRoutingKey("k"),
                RabbitMQConsumer.builder().queue("q").deliveryLimit(3),
                RabbitMQConsumer.builder()
                        .queue("q")
                        .queueType(QueueType.QUORUM)
                        .durable(false),
                RabbitMQConsumer.builder()
                        .queue("q")
                        .queueType(QueueType.QUORUM)
                        .maxPriority(3));
    }

    @ParameterizedTest
    @MethodSource("contradictingConsumers")
    void contradictions_areRefused(RabbitMQConsumer.Builder builder) {
        assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void contradictionsOfAProducer_areRefused() {
        for (RabbitMQProducer.Builder builder : List.of(
                RabbitMQProducer.builder(),
                RabbitMQProducer.builder().queue("q").exchange("x"),
                RabbitMQProducer.builder().queue("q").routingKey("k"),
                RabbitMQProducer.builder().queue("q").confirms(false).mandatory(true))) {
            assertThatThrownBy(builder::build).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(RabbitMQProducer.builder().queue("q").confirms(false).build().name())
                .isEqualTo("rabbitmq:q");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a\u0000", "a\n"})
    void oddName_isRefusedBeforeAnyInput(String name) {
        assertThatThrownBy(() -> RabbitMQConsumer.builder().queue(name)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RabbitMQProducer.builder().exchange(name))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void longName_isRefusedBeforeAnyInput() {
        String tooLong = "ü".repeat(128);
        assertThatThrownBy(() -> RabbitMQConsumer.builder().queue(tooLong)).hasMessageContaining("255 bytes");
        assertThatThrownBy(() -> RabbitMQProducer.builder().routingKey(tooLong)).hasMessageContaining("255 bytes");
    }

    @Test
    void capabilities_areThoseOfTheQueue() {
        Capabilities classic = RabbitMQConsumer.builder().queue("q").build().capabilities();
        assertThat(classic.nack()).isEqualTo(Support.ENGINE);
        assertThat(classic.deadLetter()).isEqualTo(Support.ENGINE);
        assertThat(classic.guarantee()).isEqualTo(Guarantee.AT_LEAST_ONCE);
        Capabilities quorum = RabbitMQConsumer.builder()
                .queue("q")
                .queueType(QueueType.QUORUM)
                .deadLetterExchange("x")
                .build()
                .capabilities();
        assertThat(quorum.nack()).isEqualTo(Support.BROKER);
        assertThat(quorum.countsAttempts()).isTrue();
        assertThat(quorum.deadLetter()).isEqualTo(Support.BROKER);
        assertThat(RabbitMQConsumer.builder()
                        .queue("q")
                        .autoAck(true)
                        .build()
                        .capabilities()
                        .guarantee())
                .isEqualTo(Guarantee.AT_MOST_ONCE);
    }

    @Test
    void consumerTimeout_isWhatAWorkerIsWarnedBy() {
        assertThat(((RabbitMQConsumer) brokers.consumer("rabbitmq", Map.of("queue", "q"))).longestHold())
                .isEqualTo(Duration.ofMinutes(30));
        assertThat(((RabbitMQConsumer) brokers.consumer("rabbitmq", Map.of("queue", "q", "consumer-timeout", "PT2H")))
                        .longestHold())
                .isEqualTo(Duration.ofHours(2));
        assertThatThrownBy(() -> RabbitMQConsumer.builder().consumerTimeout(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void messageThatCanNotGo_isRefusedBeforeItIsQueued() {
        try (RabbitMQProducer producer = RabbitMQProducer.builder()
                .queue("q")
                .config(RabbitMQConfig.builder().maxMessageBytes(10).build())
                .build()) {
            for (Message message : List.of(
                    Message.of(new byte[11]),
                    Message.builder().header("CC", "x").build())) {
                assertThatThrownBy(() -> producer.send(message).join())
                        .isInstanceOf(CompletionException.class)
                        .hasCauseInstanceOf(MessageException.class);
            }
        }
    }
}
