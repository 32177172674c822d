package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.Message;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Credentials on a real broker: by settings of this library, and by the client's own. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KafkaSaslIT {
    private static final String PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required ";

    private TestServer server;

    @BeforeAll
    void start() {
        Map<String, String> settings = new HashMap<>();
        settings.put(
                "listener.security.protocol.map",
                "PLAINTEXT:SASL_PLAINTEXT,CLIENTS:SASL_PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("sasl.enabled.mechanisms", "PLAIN");
        // A process and a container call the clients' listener differently.
        for (String listener : new String[] {"plaintext", "clients"}) {
            settings.put(
                    "listener.name." + listener + ".plain.sasl.jaas.config",
                    PLAIN + "user_me=\"secret\" user_guest=\"secret\";");
        }
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.put("allow.everyone.if.no.acl.found", "true");
        settings.put("super.users", "User:ANONYMOUS;User:me");
        server = TestServers.newKafka(settings);
    }

    @AfterAll
    void stop() {
        TestServers.close(server);
    }

    private KafkaConfig.Builder config() {
        return KafkaConfig.builder()
                .bootstrapServers(server.address())
                .securityProtocol(SecurityProtocol.SASL_PLAINTEXT);
    }

    private static KafkaConfig.Builder me(KafkaConfig.Builder config, String password) {
        return config.saslUsername("me").saslPassword(password);
    }

    private void goesThrough(KafkaConfig config) {
        String topic = KafkaTopics.create(
                ClientProperties.admin(me(config(), "secret").build()), "sasl-" + UUID.randomUUID(), 1);
        try (KafkaProducer producer =
                        KafkaProducer.builder().topic(topic).config(config).build();
                KafkaConsumer consumer = KafkaConsumer.builder()
                        .topic(topic)
                        .consumerGroup("g")
                        .config(config)
                        .build()) {
            TestSubscriber.get(producer.send(Message.of("tea")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("tea");
        }
    }

    @Test
    void userAndPassword_open_andAWrongPasswordDoesNot() {
        goesThrough(me(config(), "secret").build());
        try (KafkaProducer producer = KafkaProducer.builder()
                .topic("any")
                .config(me(config(), "wrong").build())
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .hasRootCauseInstanceOf(org.apache.kafka.common.errors.SaslAuthenticationException.class)
                    .hasStackTraceContaining(BrokerAuthenticationException.class.getName());
        }
    }

    @Test
    void topicThatTheUserMayNotSeeAnyMore_isRefused_notWaitedFor() {
        Map<String, Object> admin =
                ClientProperties.admin(me(config(), "secret").build());
        String topic = KafkaTopics.create(admin, "denied-" + UUID.randomUUID(), 1);
        KafkaConfig guest = config().saslUsername("guest")
                .saslPassword("secret")
                .properties(Map.of("metadata.max.age.ms", "100"))
                .build();
        try (KafkaProducer producer =
                KafkaProducer.builder().topic(topic).config(guest).build()) {
            TestSubscriber.get(producer.send(Message.of("allowed")));
            KafkaTopics.allowOnly(admin, topic, "User:other");
            // First the broker refuses the message; soon the client knows nothing of the topic any more, and would
            // wait.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .during(Duration.ofSeconds(2))
                    .until(() -> refusal(producer) instanceof BrokerAuthenticationException);
        }
    }

    /** Returns the error of a send, null if there is none. */
    private static @Nullable Throwable refusal(KafkaProducer producer) {
        return producer.send(Message.of("tea"))
                .handle((sent, error) -> error)
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void credentialsByTheClientsOwnSettings_open() {
        goesThrough(config().properties(Map.of(
                        "sasl.mechanism", "PLAIN", "sasl.jaas.config", PLAIN + "username=\"me\" password=\"secret\";"))
                .build());
    }
}
