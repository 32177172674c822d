package io.pythia.rabbitmq;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.Brokers;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.TlsConfig;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.RabbitTestServer;
import io.pythia.testkit.server.TestCertificates;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Only the right certificate connects. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RabbitMQTlsIT {
    @TempDir
    private static Path folder;

    private RabbitTestServer server;
    private Path authority;
    private Path otherAuthority;
    private Path client;
    private Path expired;
    private TestCertificates certificates;
    private String queue;

    @BeforeAll
    void start() throws IOException {
        certificates = new TestCertificates(folder);
        authority = certificates.authority("authority");
        otherAuthority = certificates.authority("other-authority");
        client = certificates.certificate("authority", "client", "dns:client", "-0d");
        expired = certificates.certificate("authority", "expired", "ip:127.0.0.1", "-3d");
        // For the address only, not for the name localhost.
        Path certificate = certificates.certificate("authority", "broker", "ip:127.0.0.1", "-0d");
        server = TestServers.newRabbit(RabbitTestServer.tls(authority, certificate, certificates.key("broker"), false));
    }

    @BeforeEach
    void createQueue() {
        queue = RabbitQueues.create(server.directAddress());
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private RabbitMQConsumer consumer(String host, int port, TlsConfig tls) {
        return RabbitMQConsumer.builder()
                .queue(queue)
                .config(RabbitMQConfig.builder().host(host).port(port).tls(tls).build())
                .build();
    }

    private void assertRefused(RabbitMQConsumer consumer, Class<? extends BrokerException> type, String text) {
        try (consumer) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(type)
                    .hasMessageContaining(text);
        }
    }

    @Test
    @Order(1)
    void rightCertificate_connects_alsoByUrl() {
        String url = "amqps://guest:guest@127.0.0.1:" + server.tlsPort() + "/%2F?queue=" + queue + "&tls.ca-file="
                + authority;
        try (MessageProducer producer = Brokers.load().producer(URI.create(url));
                MessageBroker consumer = Brokers.load().consumer(URI.create(url))) {
            TestSubscriber.get(producer.send(Message.of("secret")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("secret");
            assertThat(server.control("list_connections", "client_properties", "ssl")
                            .lines()
                            .filter(line -> line.contains(queue)))
                    .hasSize(2)
                    .allMatch(line -> line.endsWith("\ttrue"));
        }
    }

    @Test
    @Order(1)
    void certificateOfTheClient_isShownToTheBroker() {
        TlsConfig tls = TlsConfig.trusting(authority).withClientCertificate(client, certificates.key("client"));
        try (RabbitMQConsumer consumer = consumer("127.0.0.1", server.tlsPort(), tls)) {
            TestSubscriber.get(consumer.connect());
            assertThat(server.control("list_connections", "peer_cert_subject")).contains("CN=client");
        }
    }

    @Test
    @Order(1)
    void certificateForAnotherHost_isRefused() {
        assertRefused(
                consumer("localhost", server.tlsPort(), TlsConfig.trusting(authority)),
                BrokerAuthenticationException.class,
                "another host");
    }

    @Test
    @Order(1)
    void certificateOfAnotherAuthority_isRefused() {
        assertRefused(
                consumer("127.0.0.1", server.tlsPort(), TlsConfig.trusting(otherAuthority)),
                BrokerAuthenticationException.class,
                "not trusted");
    }

    @Test
    @Order(1)
    void certificateThatTheJdkDoesNotTrust_isRefused() {
        assertRefused(
                consumer("127.0.0.1", server.tlsPort(), TlsConfig.defaults()),
                BrokerAuthenticationException.class,
                "not trusted");
    }

    @Test
    @Order(1)
    void tlsToAPortWithout_andTheOtherWayRound_failInTime() {
        int plainPort = RabbitQueues.port(server.directAddress());
        assertRefused(consumer("127.0.0.1", plainPort, TlsConfig.trusting(authority)), BrokerException.class, "TLS");
        RabbitMQConsumer plain = RabbitMQConsumer.builder()
                .queue(queue)
                .host("127.0.0.1")
                .port(server.tlsPort())
                .connectTimeout(Duration.ofSeconds(5))
                .build();
        assertRefused(plain, BrokerException.class, "rabbitmq:" + queue);
    }

    @Test
    @Order(1)
    void closeDuringAnEncryptedWriteThatHangs_endsInTime() {
        try (FaultProxy proxy = new FaultProxy("127.0.0.1", server.tlsPort())) {
            RabbitMQProducer producer = RabbitMQProducer.builder()
                    .queue(queue)
                    .config(RabbitMQConfig.builder()
                            .host("127.0.0.1")
                            .port(proxy.port())
                            .tls(TlsConfig.trusting(authority))
                            .build())
                    .closeTimeout(Duration.ofSeconds(2))
                    .build();
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
                                    && List.of(thread.getValue()).toString().contains("SSLSocketImpl")));
            long before = System.nanoTime();
            producer.close();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
            eventually("an outcome of each", () -> results.stream().allMatch(CompletableFuture::isDone));
            proxy.heal();
            eventually(
                    "no threads",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().contains(queue)));
        }
    }

    @Test
    @Order(2) // changes the broker
    void certificateThatHasExpired_isRefused() throws IOException {
        server.stop();
        Files.copy(expired, folder.resolve("broker.pem"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(certificates.key("expired"), certificates.key("broker"), StandardCopyOption.REPLACE_EXISTING);
        server.start();
        assertRefused(
                consumer("127.0.0.1", server.tlsPort(), TlsConfig.trusting(authority)),
                BrokerAuthenticationException.class,
                "expired");
    }
}
