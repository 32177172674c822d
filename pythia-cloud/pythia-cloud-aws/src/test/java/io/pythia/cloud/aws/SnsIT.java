package io.pythia.cloud.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.Brokers;
import io.pythia.DestinationNotFoundException;
import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.SendResult;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Topics that copy to queues, on fauxqs. */
class SnsIT {
    private final String address = TestServers.sns().address();

    private List<Message> receive(String queue, int count) {
        try (SqsConsumer consumer = SqsQueues.consumer(address, queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            return List.copyOf(subscriber.await(count));
        }
    }

    @Test
    void message_reachesEveryQueue_rawAndInAnEnvelope_asItWasSent() {
        String topic = SnsTopics.create(address, false);
        String raw = SnsTopics.subscribe(address, topic, true);
        String wrapped = SnsTopics.subscribe(address, topic, false);
        Message message = Message.builder()
                .id("my-id")
                .key("my-key")
                .header("number", "7")
                .header("multi", "1")
                .header("multi", "2")
                .header("odd name", "\u0000")
                .body(new byte[] {0, 1, (byte) 255})
                .build();
        try (SnsProducer producer = SnsTopics.producer(address, topic).build()) {
            SendResult result = TestSubscriber.get(producer.send(message));
            assertThat(result.destination()).isEqualTo(topic);
            assertThat(result.details().get("message-id")).isNotEmpty();
        }
        for (String queue : List.of(raw, wrapped)) {
            Message received = receive(queue, 1).get(0);
            assertThat(received.id()).isEqualTo("my-id");
            assertThat(received.key()).isEqualTo("my-key");
            assertThat(received.headers()).isEqualTo(message.headers());
            assertThat(received.body()).isEqualTo(message.body());
            assertThat(received.timestamp()).isAfter(message.timestamp().minusSeconds(60));
        }
    }

    @Test
    void subject_andAttributesWithTypes_reachQueuesAndFilters() {
        String topic = SnsTopics.create(address, false);
        String wrapped = SnsTopics.subscribe(address, topic, false);
        String orders = SnsTopics.subscribe(address, topic, true, "{\"event_type\": [\"order\"]}");
        String large = SnsTopics.subscribe(address, topic, true, "{\"size\": [{\"numeric\": [\">\", 3]}]}");
        try (SnsProducer producer = SnsTopics.producer(address, topic)
                .messageAttributes(
                        Map.of("event_type", MessageAttribute.string("order"), "size", MessageAttribute.number("5")))
                .subject("from the builder")
                .build()) {
            TestSubscriber.get(producer.send(Message.of("first")));
            TestSubscriber.get(producer.send(Message.builder()
                    .header("event_type", "refund")
                    .header(SnsEnvelope.SUBJECT, "its own")
                    .body("second")
                    .build()));
        }
        assertThat(receive(wrapped, 2))
                .extracting(message -> message.text() + ": " + message.headers().get(SnsEnvelope.SUBJECT))
                .containsExactlyInAnyOrder("first: from the builder", "second: its own");
        assertThat(receive(orders, 1)).extracting(Message::text).containsExactly("first");
        assertThat(receive(large, 2)).extracting(Message::text).containsExactlyInAnyOrder("first", "second");
    }

    @Test
    void envelope_isLeftClosedIfWanted() {
        String topic = SnsTopics.create(address, false);
        String wrapped = SnsTopics.subscribe(address, topic, false);
        try (SnsProducer producer = SnsTopics.producer(address, topic).build()) {
            TestSubscriber.get(producer.send(Message.of("inside")));
        }
        try (SqsConsumer consumer =
                SqsQueues.consumer(address, wrapped).unwrapSns(false).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(1).get(0).text()).contains("\"Type\"", "inside");
        }
    }

    @Test
    void fifoTopic_keepsTheOrderOfAKey_andTakesAnIdOnce() {
        String topic = SnsTopics.create(address, true);
        String queue = SnsTopics.subscribe(address, topic, true);
        try (SnsProducer producer = SnsTopics.producer(address, topic).build()) {
            List<Message> messages = IntStream.range(0, 40)
                    .mapToObj(i -> Message.builder()
                            .id("id-" + i)
                            .key("k" + i % 2)
                            .body(Integer.toString(i))
                            .build())
                    .toList();
            assertThat(TestSubscriber.get(producer.sendBatch(messages))).hasSize(40);
            TestSubscriber.get(producer.send(messages.get(0)));
            TestSubscriber.get(
                    producer.send(Message.builder().key("k0").body("40").build()));
        }
        List<Message> received = receive(queue, 41);
        for (String key : List.of("k0", "k1")) {
            assertThat(received.stream()
                            .filter(message -> key.equals(message.key()))
                            .map(message -> Integer.valueOf(message.text())))
                    .isSorted()
                    .hasSizeGreaterThanOrEqualTo(20);
        }
    }

    @Test
    void contentBasedDeduplication_andMessageGroup_travel() {
        String topic = "t-" + java.util.UUID.randomUUID() + ".fifo";
        SnsTopics.on(
                address,
                client -> client.createTopic(r ->
                        r.name(topic).attributes(Map.of("FifoTopic", "true", "ContentBasedDeduplication", "true"))));
        String queue = SnsTopics.subscribe(address, topic, true);
        try (SnsProducer producer = SnsTopics.producer(address, topic)
                .contentBasedDeduplication(true)
                .messageGroup("rest")
                .build()) {
            TestSubscriber.get(producer.send(Message.of("same")));
            TestSubscriber.get(producer.send(Message.of("same")));
            TestSubscriber.get(producer.send(Message.of("other")));
        }
        List<Message> received = receive(queue, 2);
        assertThat(received).extracting(Message::text).containsExactly("same", "other");
        assertThat(received).extracting(Message::key).containsOnly("rest");
    }

    @Test
    void missingTopic_andOversize_areSaid_andUrlsWork() {
        try (SnsProducer producer = SnsTopics.producer(address, "missing").build()) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x"))))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining("missing");
        }
        String topic = SnsTopics.create(address, false);
        String queue = SnsTopics.subscribe(address, topic, true);
        URI uri = URI.create("sns:" + SnsTopics.ARN + topic + "?endpoint=http://" + address
                + "&access-key-id=a&secret-access-key=b&message-attributes.type=order&max-message-bytes=1KiB");
        try (MessageProducer producer = Brokers.load().producer(uri)) {
            assertThatThrownBy(() -> TestSubscriber.get(producer.send(Message.of("x".repeat(2_000)))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("maxMessageBytes");
            TestSubscriber.get(producer.send(Message.of("by url")));
        }
        Message received = receive(queue, 1).get(0);
        assertThat(received.text()).isEqualTo("by url");
        assertThat(received.headers()).isEqualTo(Headers.of("type", "order"));
    }
}
