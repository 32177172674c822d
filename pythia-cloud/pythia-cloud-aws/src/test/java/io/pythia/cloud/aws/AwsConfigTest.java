package io.pythia.cloud.aws;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerConnectionException;
import io.pythia.BrokerException;
import io.pythia.BrokerTimeoutException;
import io.pythia.Brokers;
import io.pythia.ConfigException;
import io.pythia.Message;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each setting does, and what is refused; no secret is ever shown. */
class AwsConfigTest {
    private static final String CANARY = "canary-7d1f";

    private final ScriptedSqs server = new ScriptedSqs();

    @AfterEach
    void close() {
        server.close();
    }

    static Stream<Arguments> wrong() {
        return Stream.of(
                wrong("region", b -> b.region("us east")),
                wrong("accessKeyId", b -> b.accessKeyId("only")),
                wrong("accessKeyId", b -> b.secretAccessKey("only")),
                wrong("sessionToken", b -> b.sessionToken("only")),
                wrong("profile", b -> b.profile("p").accessKeyId("a").secretAccessKey("b")),
                wrong("profile", b -> b.profile(" ")),
                wrong("endpoint", b -> b.endpoint("localhost:4566")),
                wrong("endpoint", b -> b.endpoint("http://user:secret@localhost:4566")),
                wrong("timeout", b -> b.timeout(Duration.ZERO)),
                wrong("maxRetries", b -> b.maxRetries(-1)),
                wrong("maxConnections", b -> b.maxConnections(4)),
                wrong("heartbeat", b -> b.heartbeat(Duration.ZERO)));
    }

    private static Arguments wrong(String setting, UnaryOperator<AwsConfig.Builder> change) {
        return Arguments.of(setting, change);
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void wrongValue_isRefusedByItsName(String setting, UnaryOperator<AwsConfig.Builder> change) {
        AwsConfig.Builder builder = change.apply(AwsConfig.builder());
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(setting + " ")
                .hasMessageNotContaining("secret@");
    }

    @Test
    void secrets_areNowhere() {
        AwsConfig config = AwsConfig.builder()
                .region("us-east-1")
                .accessKeyId(CANARY + "1")
                .secretAccessKey(CANARY + "2")
                .sessionToken(CANARY + "3")
                .build();
        assertThat(config.toString()).contains("us-east-1").doesNotContain(CANARY);
        assertThat(config.toBuilder().build()).isEqualTo(config);
        server.script("GetQueueAttributes", request -> {
            throw ScriptedSqs.Failure.of(403, "InvalidClientTokenId");
        });
        try (SqsConsumer consumer =
                SqsQueues.consumer(server.address(), "orders").config(config).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .satisfies(e -> {
                        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                            assertThat(String.valueOf(cause)).doesNotContain(CANARY);
                        }
                    });
            assertThat(TestSubscriber.get(consumer.healthCheck()).toString()).doesNotContain(CANARY);
        }
        assertThatThrownBy(() -> Brokers.load()
                        .consumer(
                                "sqs",
                                Map.of(
                                        "queue-name", "q",
                                        "secret-access-key", CANARY,
                                        "session-token", CANARY,
                                        "access-key", CANARY)))
                .isInstanceOf(ConfigException.class)
                .hasMessageNotContaining(CANARY);
    }

    @Test
    void maxRetries_isHowOftenTheSdkTriesAgain() {
        AtomicInteger calls = new AtomicInteger();
        server.script("SendMessageBatch", request -> {
            if (calls.getAndIncrement() < 2) {
                throw ScriptedSqs.Failure.of(400, "RequestThrottled");
            }
            return ScriptedSqs.answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer(b -> b.maxRetries(2))) {
            TestSubscriber.get(producer.send(Message.of("x")));
        }
        assertThat(calls.get()).isEqualTo(3);
        calls.set(0);
        try (SqsProducer producer = producer(b -> b.maxRetries(1))) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x"))))
                    .isInstanceOf(BrokerException.class);
        }
        assertThat(calls.get()).isEqualTo(2);
    }

    /** The engine itself does not try again. Of sends the SDK tries again what certainly did not arrive. */
    private SqsProducer producer(UnaryOperator<AwsConfig.Builder> change) {
        return SqsQueues.producer(server.address(), "orders")
                .config(change.apply(SqsQueues.config()).build())
                .retry(new io.pythia.retry.RetryConfig(0, Duration.ofMillis(1), Duration.ofMillis(1), false, false))
                .build();
    }

    @Test
    void timeout_endsARequest() {
        server.script("GetQueueAttributes", request -> {
            try {
                new CountDownLatch(1).await(); // until the server is closed
            } catch (InterruptedException e) {
                throw ScriptedSqs.CUT;
            }
            return ScriptedSqs.JSON.createObjectNode();
        });
        try (SqsProducer producer = SqsQueues.producer(server.address(), "orders")
                .config(SqsQueues.config()
                        .timeout(Duration.ofMillis(600))
                        .maxRetries(0)
                        .build())
                .connectTimeout(Duration.ofMinutes(1))
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .isInstanceOf(BrokerTimeoutException.class)
                    .hasMessageContaining("timeout");
        }
    }

    @Test
    void heartbeat_isHowOftenAnIdleProducerAsks() {
        try (SqsProducer often = producer(b -> b.heartbeat(Duration.ofMillis(1)));
                SqsProducer seldom = producer(b -> b.heartbeat(Duration.ofHours(1)))) {
            TestSubscriber.get(seldom.connect());
            int looks = server.requests("GetQueueAttributes").size();
            for (int i = 0; i < 5; i++) {
                assertThat(TestSubscriber.get(seldom.healthCheck()).isUp()).isTrue();
            }
            assertThat(server.requests("GetQueueAttributes")).hasSize(looks);
            TestSubscriber.get(often.connect());
            int before = server.requests("GetQueueAttributes").size();
            eventually("questions", () -> {
                assertThat(TestSubscriber.get(often.healthCheck()).isUp()).isTrue();
                return server.requests("GetQueueAttributes").size() >= before + 4;
            });
        }
    }

    @Test
    void maxConnections_boundTheRequestsUnderWay() {
        AtomicInteger underWay = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server.script("SendMessageBatch", request -> {
            most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
            Thread.yield();
            underWay.decrementAndGet();
            return ScriptedSqs.answer(request, ScriptedSqs::sent);
        });
        try (SqsProducer producer = producer(b -> b.maxConnections(5))) {
            TestSubscriber.get(producer.sendBatch(java.util.Collections.nCopies(500, Message.of("x"))));
        }
        assertThat(most.get()).isBetween(1, 4);
        assertThatThrownBy(() -> SqsConsumer.builder()
                        .queueName("q")
                        .config(SqsQueues.config().maxConnections(5).build())
                        .pollers(2)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxConnections");
    }

    @Test
    void profile_isReadFromTheSharedFiles(@TempDir Path folder) throws IOException {
        Path credentials = Files.writeString(
                folder.resolve("credentials"), "[mine]\naws_access_key_id = a\naws_secret_access_key = b\n");
        Path config = Files.writeString(folder.resolve("config"), "[profile mine]\nregion = eu-north-1\n");
        System.setProperty("aws.sharedCredentialsFile", credentials.toString());
        System.setProperty("aws.configFile", config.toString());
        try (SqsProducer producer = SqsQueues.producer(server.address(), "orders")
                        .config(AwsConfig.builder().profile("mine").build())
                        .build();
                SqsProducer other = SqsQueues.producer(server.address(), "orders")
                        .config(AwsConfig.builder().profile("nobody").build())
                        .build()) {
            TestSubscriber.get(producer.send(Message.of("x")));
            assertThatThrownBy(() -> TestSubscriber.get(other.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class);
        } finally {
            System.clearProperty("aws.sharedCredentialsFile");
            System.clearProperty("aws.configFile");
        }
        assertThat(server.authorizations).anyMatch(header -> header.contains("/eu-north-1/sqs/"));
    }

    @Test
    void credentialsAndRegion_signTheRequests_theRegionOfTheUrlIsTheDefault() {
        try (SqsProducer producer =
                producer(b -> b.region("ap-south-1").accessKeyId("AKID").sessionToken("token"))) {
            TestSubscriber.get(producer.send(Message.of("x")));
        }
        assertThat(server.authorizations)
                .allMatch(header -> header.contains("Credential=AKID/") && header.contains("/ap-south-1/sqs/"))
                .allMatch(header -> header.contains("x-amz-security-token"));
        assertThat(QueueAddress.ofUrl("https://sqs.eu-west-1.amazonaws.com/123456789012/q")
                        .region())
                .isEqualTo("eu-west-1");
    }

    @Test
    void withoutCredentials_thatIsSaid() {
        Map<String, String> none = Map.of(
                "aws.sharedCredentialsFile",
                "/nowhere",
                "aws.configFile",
                "/nowhere",
                "aws.disableEc2Metadata",
                "true");
        none.forEach(System::setProperty);
        try (SqsProducer producer = SqsQueues.producer(server.address(), "orders")
                .config(AwsConfig.builder().region("us-east-1").build())
                .build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .isInstanceOf(BrokerAuthenticationException.class)
                    .hasMessageContaining("accessKeyId");
        } finally {
            none.keySet().forEach(System::clearProperty);
        }
    }

    @Test
    void nothingAnswers_isAConnectionError() {
        try (SqsProducer producer = SqsQueues.producer("127.0.0.1:1", "orders").build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.connect()))
                    .isInstanceOf(BrokerConnectionException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "https://sqs.us-east-1.amazonaws.com/123456789012/q,us-east-1,",
        "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q,cn-north-1,",
        "https://sqs-fips.us-west-2.amazonaws.com/1/q,us-west-2,https://sqs-fips.us-west-2.amazonaws.com",
        "https://vpce-0a.sqs.us-east-1.vpce.amazonaws.com/1/q,us-east-1,https://vpce-0a.sqs.us-east-1.vpce.amazonaws.com",
        "http://localhost:9324/000000000000/q,,http://localhost:9324",
    })
    void queueUrl_hasRegionAndEndpoint(String url, String region, String endpoint) {
        QueueAddress address = QueueAddress.ofUrl(url);
        assertThat(address.region()).isEqualTo(region);
        assertThat(address.endpoint()).isEqualTo(endpoint);
        assertThat(address.name()).isEqualTo("q");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "my-queue",
                "ftp://host/1/q",
                "https://user:secret@host/1/q",
                "https://host/1/q?Action=DeleteQueue",
                "https://host/1/q#x",
                "https://host/1/",
                "https://host/1/q.fifo.fifo",
                "https://host/1/q q"
            })
    void badQueueUrl_isRefused_andNotRepeated(String url) {
        assertThatThrownBy(() -> SqsConsumer.builder().queueUrl(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("queueUrl ")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "my-topic",
                "arn:aws:sqs:us-east-1:123456789012:q",
                "arn:aws:sns:us-east-1:1:t",
                "arn:aws:sns:us-east-1:123456789012:t t",
                "arn:aws:sns:us-east-1:123456789012:t:subscription"
            })
    void badTopicArn_isRefused(String arn) {
        assertThatThrownBy(() -> SnsProducer.builder().topicArn(arn))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("topicArn ");
    }

    @Test
    void builders_refuseWhatCantBe() {
        assertRefused(() -> SqsConsumer.builder().build(), "queueUrl");
        assertRefused(() -> SqsConsumer.builder().maxMessages(11), "maxMessages");
        assertRefused(() -> SqsConsumer.builder().waitTime(Duration.ofSeconds(21)), "waitTime");
        assertRefused(() -> SqsConsumer.builder().waitTime(Duration.ofMillis(1_500)), "waitTime");
        assertRefused(() -> SqsConsumer.builder().visibilityTimeout(Duration.ZERO), "visibilityTimeout");
        assertRefused(() -> SqsConsumer.builder().pollers(0), "pollers");
        assertRefused(() -> SqsConsumer.builder().ackPause(Duration.ofMillis(-1)), "ackPause");
        assertRefused(() -> SqsConsumer.builder().queueName("no spaces"), "queueName");
        assertRefused(() -> SqsConsumer.builder().queueOwner("me"), "queueOwner");
        assertRefused(
                () -> SqsConsumer.builder()
                        .queueName("q")
                        .queueUrl("https://h/1/q")
                        .build(),
                "exclude");
        assertRefused(() -> SqsProducer.builder().delay(Duration.ofMinutes(16)), "delay");
        assertRefused(
                () -> SqsProducer.builder()
                        .queueName("q.fifo")
                        .delay(Duration.ZERO)
                        .build(),
                "delay");
        assertRefused(() -> SqsProducer.builder().messageGroup("no spaces"), "messageGroup");
        assertRefused(() -> SqsProducer.builder().maxMessageBytes(2 << 20), "maxMessageBytes");
        assertRefused(() -> SqsProducer.builder().messageAttribute("AWS.x", MessageAttribute.string("v")), "name");
        assertRefused(() -> SnsProducer.builder().build(), "topicArn");
        assertRefused(() -> SnsProducer.builder().subject("two\nlines"), "subject");
        assertRefused(() -> SnsProducer.builder().maxMessageBytes(300_000), "maxMessageBytes");
        assertRefused(() -> MessageAttribute.string(""), "empty");
        assertRefused(() -> new MessageAttribute("Text", "x", null), "dataType");
        assertRefused(() -> new MessageAttribute("Binary", "x", null), "value");
        assertRefused(
                () -> {
                    SnsProducer.Builder builder = SnsProducer.builder();
                    for (int i = 0; i < 10; i++) {
                        builder.messageAttribute("a" + i, MessageAttribute.string("v"));
                    }
                },
                "attributes");
    }

    private static void assertRefused(Runnable call, String text) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(text);
    }

    @Test
    void providers_readEverySetting_andNameWhatTheyDoNotKnow() {
        Map<String, String> consumer = Map.of(
                "queue-name", "q",
                "queue-owner", "123456789012",
                "max-messages", "5",
                "wait-time", "3s",
                "visibility-timeout", "1m",
                "pollers", "2",
                "ack-pause", "10ms",
                "missing-queue", "wait",
                "unwrap-sns", "false",
                "delay", "5s");
        assertThat(Brokers.load().consumer("sqs", consumer).name()).isEqualTo("sqs:q");
        Map<String, String> producer = Map.of(
                "queue-name", "q.fifo",
                "message-group", "g",
                "content-based-deduplication", "true",
                "max-message-bytes", "64KiB",
                "missing-queue", "create",
                "message-attributes.type", "Number:5",
                "max-messages", "5");
        assertThat(Brokers.load().producer("sqs", producer).name()).isEqualTo("sqs:q.fifo");
        Map<String, String> topic = Map.of(
                "topic-arn", "arn:aws:sns:us-east-1:123456789012:t.fifo",
                "subject", "s",
                "json-structure", "true",
                "message-group", "g",
                "content-based-deduplication", "true",
                "max-message-bytes", "64KiB",
                "message-attributes.list", "String.Array:[\"a\"]");
        assertThat(Brokers.load().producer("sns", topic).name()).isEqualTo("sns:t.fifo");
        assertThatThrownBy(() -> Brokers.load()
                        .consumer(
                                "sqs",
                                Map.of("queue-name", "q", "wait-tme", "3s", "pollers", "0", "max-messages", "11")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("wait-time")
                .hasMessageContaining("pollers")
                .hasMessageContaining("max-messages");
        assertThatThrownBy(() -> Brokers.load().producer("sns", Map.of()))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("topic-arn");
        assertThatThrownBy(() -> Brokers.load().consumer("sns", topic))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("no consumer");
        assertThat(Brokers.load().consumer(URI.create("sqs:my-queue")).name()).isEqualTo("sqs:my-queue");
        assertThatThrownBy(() -> Brokers.load().consumer(URI.create("sqs://host/queue")))
                .isInstanceOf(ConfigException.class);
    }

    @Test
    void missingQueue_isReportedByItsKey_withAllTheRest() {
        assertThatThrownBy(() -> Brokers.load().consumer("sqs", Map.of("wait-time-seconds", "20", "pollers", "0")))
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigException.Problem::key)
                                .containsExactlyInAnyOrder("queue-url", "wait-time-seconds", "pollers"))
                .hasMessageContaining("queue-url or queue-name must be set")
                .hasMessageContaining("did you mean wait-time?");
    }

    @Test
    void queueThatWasGiven_goesBeforeThatOfTheEnvironment() {
        io.pythia.spi.Settings settings = io.pythia.spi.Settings.of("sqs", Map.of("queue-name", "mine"))
                .withEnvironment(
                        Map.of("PYTHIA_SQS_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/orders"));
        assertThat(new SqsBrokerProvider().consumer(settings).name()).isEqualTo("sqs:mine");
        assertThat(new SqsBrokerProvider().producer(settings).name()).isEqualTo("sqs:mine");
    }
}
