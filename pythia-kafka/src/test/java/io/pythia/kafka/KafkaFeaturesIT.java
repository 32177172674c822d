package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.ConsumerOptions;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.common.Cluster;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each option of the builders does what its description says, on a real broker. */
@Timeout(180)
class KafkaFeaturesIT {
    private final TestServer server = TestServers.kafka();

    private KafkaConsumer.Builder consumer() {
        return KafkaConsumer.builder()
                .consumerGroup(UUID.randomUUID().toString())
                .bootstrapServers(server.address());
    }

    private KafkaProducer.Builder producer(String topic) {
        return KafkaProducer.builder().topic(topic).bootstrapServers(server.address());
    }

    private void send(String topic, String... bodies) {
        try (KafkaProducer producer = producer(topic).build()) {
            for (String body : bodies) {
                TestSubscriber.get(producer.send(Message.of(body)));
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static ConsumerRecord<?, ?> record(Message message) {
        return message.unwrap(ConsumerRecord.class).orElseThrow();
    }

    private TestSubscriber subscribed(KafkaConsumer consumer) {
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        consumer.consume().subscribe(subscriber);
        return subscriber;
    }

    @Test
    void topics_areAllConsumed_eachMessageSaysWhichItIsFrom() {
        String first = KafkaTopics.create(server.address(), 1);
        String second = KafkaTopics.create(server.address(), 1);
        send(first, "a");
        send(second, "b");
        try (KafkaConsumer consumer = consumer().topics(List.of(first, second)).build()) {
            List<Message> received = subscribed(consumer).await(2);
            assertThat(received)
                    .extracting(message -> message.source() + " " + message.text())
                    .containsExactlyInAnyOrder(first + " a", second + " b");
        }
    }

    @Test
    void topicPattern_consumesWhatMatches_alsoATopicThatIsNew() {
        String prefix = "pattern-" + UUID.randomUUID();
        String first = KafkaTopics.create(server.address(), prefix + "-first", 1);
        String other = KafkaTopics.create(server.address(), "other-" + prefix, 1);
        send(first, "a");
        send(other, "not wanted");
        KafkaConfig attentive = KafkaConfig.builder()
                .bootstrapServers(server.address())
                .properties(Map.of("metadata.max.age.ms", "500"))
                .build();
        try (KafkaConsumer consumer =
                consumer().config(attentive).topicPattern(prefix + "-.*").build()) {
            TestSubscriber subscriber = subscribed(consumer);
            subscriber.await(1);
            String second = KafkaTopics.create(server.address(), prefix + "-second", 1);
            send(second, "b");
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("a", "b");
        }
    }

    @Test
    void autoOffsetReset_saysWhereANewGroupBegins() {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "before");
        try (KafkaConsumer earliest =
                consumer().topic(topic).autoOffsetReset("earliest").build()) {
            assertThat(subscribed(earliest).await(1).get(0).text()).isEqualTo("before");
        }
        try (KafkaConsumer latest =
                consumer().topic(topic).autoOffsetReset(AutoOffsetReset.LATEST).build()) {
            TestSubscriber subscriber = subscribed(latest);
            // It has its position some time after it was assigned the partition; what is sent then is the first that it
            // gets.
            for (int i = 0; subscriber.count() == 0; i++) {
                send(topic, "after " + i);
            }
            assertThat(subscriber.texts()).doesNotContain("before");
        }
        try (KafkaConsumer none =
                consumer().topic(topic).autoOffsetReset(AutoOffsetReset.NONE).build()) {
            assertThat(subscribed(none).awaitEnd()).hasMessageContaining("autoOffsetReset is none");
        }
        KafkaConfig noneByConfig = KafkaConfig.builder()
                .bootstrapServers(server.address())
                .autoOffsetReset(AutoOffsetReset.NONE)
                .build();
        try (KafkaConsumer byConfig =
                consumer().config(noneByConfig).topic(topic).build()) {
            assertThat(subscribed(byConfig).awaitEnd()).hasMessageContaining("autoOffsetReset is none");
        }
        assertThatThrownBy(() -> consumer().autoOffsetReset("newest"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("autoOffsetReset must be one of earliest, latest, none");
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void latest_whatWasReceivedAndNotAcknowledged_comesAgainAtTheNextMember(GroupProtocol protocol) {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "before");
        KafkaConsumer.Builder latest =
                consumer().topic(topic).autoOffsetReset(AutoOffsetReset.LATEST).closeTimeout(Duration.ofMillis(200));
        TestSubscriber first = TestSubscriber.requesting(1);
        try (KafkaConsumer consumer = latest.build()) {
            consumer.consume().subscribe(first);
            for (int i = 0; first.count() == 0; i++) {
                send(topic, "after " + i);
            }
        }
        try (KafkaConsumer next = latest.build()) {
            TestSubscriber subscriber = subscribed(next);
            subscriber.await(1);
            assertThat(subscriber.texts().get(0)).isEqualTo(first.texts().get(0));
        }
    }

    @Test
    void groupInstanceId_isTheMembersNameInTheGroup() throws Exception {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a");
        String group = UUID.randomUUID().toString();
        try (KafkaConsumer consumer = consumer()
                .consumerGroup(group)
                .topic(topic)
                .groupInstanceId("till-7")
                .build()) {
            subscribed(consumer).await(1);
            assertThat(members(group))
                    .extracting(member -> member.groupInstanceId().orElse(""))
                    .containsExactly("till-7");
        }
    }

    private List<MemberDescription> members(String group)
            throws InterruptedException, ExecutionException, TimeoutException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", server.address()))) {
            return List.copyOf(admin.describeConsumerGroups(List.of(group))
                    .describedGroups()
                    .get(group)
                    .get(60, TimeUnit.SECONDS)
                    .members());
        }
    }

    @Test
    void clientRack_reachesTheClient() {
        KafkaConsumerSettings settings = consumer()
                .topic("orders")
                .clientRack("rack-b")
                .settings("kafka:orders", ConsumerOptions.defaults(), BrokerListener.NONE);
        assertThat(settings.clientProperties()).containsEntry("client.rack", "rack-b");
    }

    @Test
    void partitionKey_decidesOnTheRecordsKey_andSoOnThePartition() {
        String topic = KafkaTopics.create(server.address(), 8);
        try (KafkaProducer producer = producer(topic)
                        .partitionKey(message -> message.headers().get("user"))
                        .build();
                KafkaConsumer consumer = consumer().topic(topic).build()) {
            List<SendResult> results = TestSubscriber.get(producer.sendBatch(List.of(
                    Message.builder().key("a").header("user", "u1").body("1").build(),
                    Message.builder().key("b").header("user", "u1").body("2").build(),
                    Message.of("without"))));
            assertThat(results.get(0).details().get("partition"))
                    .isEqualTo(results.get(1).details().get("partition"));
            List<Message> received = subscribed(consumer).await(3);
            assertThat(received)
                    .extracting(message -> message.text() + " " + message.key())
                    .containsExactlyInAnyOrder("1 u1", "2 u1", "without null");
        }
    }

    @Test
    void serializersAndDeserializers_ofTheApplication_areOnTheWire_andUndoneOnTheOtherSide() {
        String topic = KafkaTopics.create(server.address(), 1);
        try (KafkaProducer producer = producer(topic)
                        .keySerializer(key -> bytes("key:" + key))
                        .valueSerializer(message -> bytes("body:" + message.text()))
                        .build();
                KafkaConsumer consumer = consumer()
                        .topic(topic)
                        .keyDeserializer(key -> new String(key, StandardCharsets.UTF_8).substring(4))
                        .valueDeserializer(body -> bytes(new String(body, StandardCharsets.UTF_8).substring(5)))
                        .build()) {
            TestSubscriber.get(
                    producer.send(Message.builder().key("k").body("tea").build()));
            Message received = subscribed(consumer).await(1).get(0);
            assertThat(received.key()).isEqualTo("k");
            assertThat(received.text()).isEqualTo("tea");
            assertThat(record(received).key()).isEqualTo(bytes("key:k"));
            assertThat(record(received).value()).isEqualTo(bytes("body:tea"));
        }
    }

    @Test
    void keyDeserializerThatFails_makesAPoisonRecord_andTheStreamGoesOn() {
        String topic = KafkaTopics.create(server.address(), 1);
        String letters = KafkaTopics.create(server.address(), 1);
        try (KafkaProducer producer = producer(topic).build();
                KafkaConsumer consumer = consumer()
                        .topic(topic)
                        .deadLetterTopic(letters)
                        .keyDeserializer(key -> {
                            if (key[0] == 'x') {
                                throw new IllegalArgumentException("no key of ours");
                            }
                            return new String(key, StandardCharsets.UTF_8);
                        })
                        .build();
                KafkaConsumer reading = consumer().topic(letters).build()) {
            TestSubscriber.get(
                    producer.send(Message.builder().key("x").body("bad").build()));
            TestSubscriber.get(
                    producer.send(Message.builder().key("k").body("good").build()));
            assertThat(subscribed(consumer).await(1).get(0).text()).isEqualTo("good");
            Message letter = subscribed(reading).await(1).get(0);
            assertThat(letter.text()).isEqualTo("bad");
            assertThat(letter.headers().get("pythia-dead-letter-reason")).contains("no key of ours");
        }
    }

    @Test
    void deadLetter_ofAnOldMessage_isNew() {
        String topic = KafkaTopics.create(server.address(), 1);
        String letters = KafkaTopics.create(server.address(), 1);
        Instant yesterday = Instant.now().minus(Duration.ofDays(1)).truncatedTo(ChronoUnit.SECONDS);
        try (KafkaProducer producer = producer(topic).build();
                KafkaConsumer consumer =
                        consumer().topic(topic).deadLetterTopic(letters).build();
                KafkaConsumer reading = consumer().topic(letters).build()) {
            TestSubscriber.get(producer.send(
                    Message.builder().timestamp(yesterday).body("bad").build()));
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            Message letter = subscribed(reading).await(1).get(0);
            assertThat(letter.timestamp()).isAfter(yesterday.plus(Duration.ofHours(23)));
            assertThat(letter.headers().get("pythia-dead-letter-original-time")).isEqualTo(yesterday.toString());
        }
    }

    @Test
    void ownDeadLetters_goOnWithTheNextConnection() {
        String topic = KafkaTopics.create(server.address(), 1);
        String letters = KafkaTopics.create(server.address(), 1);
        send(topic, "bad");
        try (KafkaConsumer consumer =
                        consumer().topic(topic).deadLetterTopic(letters).build();
                KafkaConsumer reading = consumer().topic(letters).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.disconnect());
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            assertThat(subscribed(reading).await(1).get(0).text()).isEqualTo("bad");
        }
    }

    @Test
    void fullBuffer_losesNothing_andKeepsTheOrder() {
        String topic = KafkaTopics.create(server.address(), 1);
        KafkaConfig small = KafkaConfig.builder()
                .bootstrapServers(server.address())
                .bufferMemory(64 * 1024)
                .build();
        int count = 5_000;
        try (KafkaProducer producer = producer(topic)
                        .config(small)
                        .sendTimeout(Duration.ofMinutes(2))
                        .build();
                KafkaConsumer consumer = consumer().topic(topic).build()) {
            TestSubscriber.get(producer.connect());
            String filler = "x".repeat(1_000);
            List<CompletableFuture<SendResult>> results = IntStream.range(0, count)
                    .mapToObj(i -> producer.send(Message.of(i + " " + filler)))
                    .toList();
            results.forEach(TestSubscriber::get);
            assertThat(subscribed(consumer).await(count))
                    .extracting(message -> Integer.parseInt(message.text().split(" ")[0]))
                    .containsExactlyElementsOf(IntStream.range(0, count).boxed().toList());
        }
    }

    @Test
    void topicThatIsGone_andComesBack_getsWhatWaitsForIt() throws Exception {
        String topic = KafkaTopics.create(server.address(), 1);
        Map<String, Object> client = Map.of("bootstrap.servers", server.address());
        KafkaConfig config = KafkaConfig.builder()
                .bootstrapServers(server.address())
                .properties(Map.of("metadata.max.age.ms", "500"))
                .build();
        try (KafkaProducer producer = producer(topic).config(config).build();
                Admin admin = Admin.create(client)) {
            TestSubscriber.get(producer.send(Message.of("before")));
            admin.deleteTopics(List.of(topic)).all().get(60, TimeUnit.SECONDS);
            // Until the client has heard of it, what is sent goes to a partition that is not there.
            CompletableFuture<SendResult> waits = producer.send(Message.of("waits"));
            Awaitility.await()
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> !admin.listTopics().names().get().contains(topic));
            KafkaTopics.create(server.address(), topic, 1);
            TestSubscriber.get(waits);
            TestSubscriber.get(producer.send(Message.of("after")));
        }
    }

    /** An application's own, by the client's name. */
    public static final class PickyPartitioner implements Partitioner {
        @Override
        public int partition(
                String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes, Cluster cluster) {
            if (new String(valueBytes, StandardCharsets.UTF_8).equals("bad")) {
                throw new UnsupportedOperationException("not this one");
            }
            return 0;
        }

        @Override
        public void configure(Map<String, ?> settings) {}

        @Override
        public void close() {}
    }

    @Test
    void partitionerThatThrows_failsItsMessage_andNoOther() {
        String topic = KafkaTopics.create(server.address(), 1);
        KafkaConfig config = KafkaConfig.builder()
                .bootstrapServers(server.address())
                .properties(Map.of("partitioner.class", PickyPartitioner.class.getName()))
                .build();
        try (KafkaProducer producer = producer(topic).config(config).build()) {
            TestSubscriber.get(producer.send(Message.of("good")));
            assertThatThrownBy(() -> producer.send(Message.of("bad")).get(60, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(MessageException.class)
                    .hasMessageContaining("not this one");
            TestSubscriber.get(producer.send(Message.of("good")));
        }
    }
}
