package io.pythia.cloud.aws;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/** What only SQS has, on ElasticMQ. */
class SqsFeaturesIT {
    private final TestServer server = TestServers.sqs();
    private final String address = server.address();

    @Test
    void fifoGroup_staysInOrderAfterFailures_andOtherGroupsGoOn() {
        String queue = SqsQueues.create(address, true);
        int groups = 4;
        int each = 25;
        try (SqsProducer producer = SqsQueues.producer(address, queue).build()) {
            TestSubscriber.get(producer.sendBatch(IntStream.range(0, groups * each)
                    .mapToObj(i -> Message.builder()
                            .key("g" + i % groups)
                            .body(Integer.toString(i))
                            .build())
                    .toList()));
        }
        Map<String, Integer> last = new HashMap<>();
        Set<String> failedOnce = new HashSet<>();
        try (SqsConsumer consumer = SqsQueues.consumer(address, queue).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                int number = Integer.parseInt(message.text());
                if (number % 10 == 7 && failedOnce.add(message.text())) {
                    message.nack();
                    return;
                }
                int before = last.getOrDefault(message.key(), -1);
                assertThat(number).as(message.key()).isGreaterThan(before);
                last.put(String.valueOf(message.key()), number);
                message.ack();
            });
            consumer.consume().subscribe(subscriber);
            subscriber.await(groups * each + 10);
            eventually("an end", () -> last.values().stream().mapToInt(i -> i).sum() == 96 + 97 + 98 + 99);
            assertThat(failedOnce).hasSize(10);
        }
    }

    @Test
    void fifoQueue_takesAnIdOnce() {
        String queue = SqsQueues.create(address, true);
        try (SqsProducer producer = SqsQueues.producer(address, queue).build();
                SqsConsumer consumer = SqsQueues.consumer(address, queue).build()) {
            Message message = Message.builder().id("once").body("x").build();
            assertThat(TestSubscriber.get(producer.send(message)).details()).containsKey("message-id");
            TestSubscriber.get(producer.send(message));
            TestSubscriber.get(producer.send(Message.of("y")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("x", "y");
            assertThat(subscriber.messages().get(0).key()).isNull();
        }
    }

    @Test
    void delayedMessage_comesLater() {
        String queue = SqsQueues.create(address, false);
        try (SqsProducer producer = SqsQueues.producer(address, queue)
                        .delay(message -> message.text().equals("later") ? Duration.ofSeconds(2) : null)
                        .build();
                SqsConsumer consumer = SqsQueues.consumer(address, queue).build()) {
            TestSubscriber.get(producer.send(Message.of("later")));
            TestSubscriber.get(producer.send(Message.of("now")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("now", "later");
        }
    }

    @Test
    void missingQueue_isMade_orWaitedFor_orSaid() {
        String name = "made-" + UUID.randomUUID() + ".fifo";
        try (SqsProducer refusing = SqsQueues.producer(address, name).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(refusing.send(Message.of("x"))))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(name);
        }
        try (SqsConsumer waiting = SqsQueues.consumer(address, name)
                        .missingQueue(MissingQueue.WAIT)
                        .build();
                SqsProducer making = SqsQueues.producer(address, name)
                        .missingQueue(MissingQueue.CREATE)
                        .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            waiting.consume().subscribe(subscriber);
            eventually(
                    "an error that is waited out",
                    () -> TestSubscriber.get(waiting.healthCheck()).detail().contains("QueueDoesNotExist"));
            TestSubscriber.get(making.send(Message.of("x")));
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("x");
        }
    }

    @Test
    void queueByItsName_andRedrivePolicyInTheHealth() {
        String letters = SqsQueues.create(address, false);
        String arn = SqsQueues.on(
                address,
                client -> client.getQueueAttributes(r -> r.queueUrl(SqsQueues.url(address, letters))
                                .attributeNames(QueueAttributeName.QUEUE_ARN))
                        .attributes()
                        .get(QueueAttributeName.QUEUE_ARN));
        String queue = SqsQueues.create(
                address,
                "q-" + UUID.randomUUID(),
                Map.of(
                        QueueAttributeName.REDRIVE_POLICY,
                        "{\"deadLetterTargetArn\":\"" + arn + "\",\"maxReceiveCount\":\"3\"}"));
        AwsConfig config = SqsQueues.config().endpoint("http://" + address).build();
        try (SqsConsumer consumer = SqsConsumer.builder()
                        .queueName(queue)
                        .queueOwner(SqsQueues.ACCOUNT)
                        .config(config)
                        .waitTime(Duration.ofSeconds(1))
                        .build();
                SqsProducer producer = SqsProducer.builder()
                        .queueName(queue)
                        .queueOwner(SqsQueues.ACCOUNT)
                        .config(config)
                        .build()) {
            TestSubscriber.get(producer.send(Message.of("x")));
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(subscriber.await(1).get(0).ack());
            Health health = TestSubscriber.get(consumer.healthCheck());
            assertThat(health.facts().get("redrive-policy")).contains(letters);
            assertThat(health.facts().get("queue-url")).endsWith(queue);
            assertThat(Integer.parseInt(health.facts().get("requests"))).isGreaterThanOrEqualTo(2);
            assertThat(health.facts()).containsKeys("receives", "empty-receives");
        }
    }

    @Test
    void messageOfAnotherProgram_isReadAsItIs_andOursIsReadableToIt() {
        String queue = SqsQueues.create(address, false);
        String url = SqsQueues.url(address, queue);
        SqsQueues.on(
                address,
                client -> client.sendMessage(r -> r.queueUrl(url)
                        .messageBody("<order id=\"7\"/>")
                        .messageAttributes(Map.of(
                                "count",
                                MessageAttributeValue.builder()
                                        .dataType("Number")
                                        .stringValue("5")
                                        .build(),
                                "raw",
                                MessageAttributeValue.builder()
                                        .dataType("Binary")
                                        .binaryValue(SdkBytes.fromByteArray(new byte[] {0, (byte) 200}))
                                        .build()))));
        try (SqsConsumer consumer = SqsQueues.consumer(address, queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Message foreign = subscriber.await(1).get(0);
            assertThat(foreign.text()).isEqualTo("<order id=\"7\"/>");
            assertThat(foreign.headers().get("count")).isEqualTo("5");
            assertThat(foreign.headers().bytes("raw")).containsExactly(0, 200);
            assertThat(foreign.hasExplicitId()).isFalse();
            assertThat(foreign.key()).isNull();
        }
        try (SqsProducer producer = SqsQueues.producer(address, queue).build()) {
            TestSubscriber.get(producer.send(
                    Message.builder().header("type", "order").body("plain").build()));
        }
        List<software.amazon.awssdk.services.sqs.model.Message> received = SqsQueues.on(
                address,
                client -> client.receiveMessage(r ->
                                r.queueUrl(url).messageAttributeNames("All").waitTimeSeconds(10))
                        .messages());
        assertThat(received.get(0).body()).isEqualTo("plain");
        assertThat(received.get(0).messageAttributes()).containsOnlyKeys("type");
        assertThat(received.get(0).messageAttributes().get("type").stringValue())
                .isEqualTo("order");
    }

    @Test
    void url_givesConsumerAndProducer() {
        String queue = SqsQueues.create(address, false);
        URI uri = URI.create("sqs:" + SqsQueues.url(address, queue)
                + "#region=us-east-1&access-key-id=a&secret-access-key=b&wait-time=1s&delay=0s");
        try (MessageProducer producer = Brokers.load().producer(uri);
                MessageBroker consumer = Brokers.load().consumer(uri)) {
            TestSubscriber.get(producer.send(Message.of("by url")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("by url");
        }
    }
}
