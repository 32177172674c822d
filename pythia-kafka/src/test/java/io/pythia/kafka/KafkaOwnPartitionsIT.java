package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Partitions that are taken without asking a group, on a real broker. */
@Timeout(180)
class KafkaOwnPartitionsIT {
    private final TestServer server = TestServers.kafka();
    private final String topic = KafkaTopics.create(server.address(), 3);

    private KafkaConsumer.Builder consumer(int... partitions) {
        return KafkaConsumer.builder().topic(topic).partitions(partitions).bootstrapServers(server.address());
    }

    /** Sends to each partition one message that says which. */
    private void sendToEach(String body) throws Exception {
        try (var producer = new org.apache.kafka.clients.producer.KafkaProducer<>(
                Map.<String, Object>of("bootstrap.servers", server.address()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int partition = 0; partition < 3; partition++) {
                byte[] bytes = (body + partition).getBytes(StandardCharsets.UTF_8);
                producer.send(new ProducerRecord<>(topic, partition, new byte[0], bytes))
                        .get();
            }
        }
    }

    private static TestSubscriber subscribed(KafkaConsumer consumer) {
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        consumer.consume().subscribe(subscriber);
        return subscriber;
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void withAGroup_itKeepsThePositions_butDoesNotShareThePartitionsOut(GroupProtocol protocol) throws Exception {
        String group = UUID.randomUUID().toString();
        sendToEach("a");
        try (KafkaConsumer first = consumer(0, 2)
                        .consumerGroup(group)
                        .groupProtocol(protocol)
                        .build();
                KafkaConsumer second =
                        consumer(1).consumerGroup(group).groupProtocol(protocol).build()) {
            TestSubscriber ofFirst = subscribed(first);
            TestSubscriber ofSecond = subscribed(second);
            ofFirst.await(2);
            ofSecond.await(1);
            sendToEach("b");
            ofFirst.await(4);
            ofSecond.await(2);
            assertThat(ofFirst.texts()).containsExactlyInAnyOrder("a0", "a2", "b0", "b2");
            assertThat(ofSecond.texts()).containsExactly("a1", "b1");
        }
        sendToEach("c");
        try (KafkaConsumer next =
                consumer(0, 1, 2).consumerGroup(group).groupProtocol(protocol).build()) {
            TestSubscriber subscriber = subscribed(next);
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactlyInAnyOrder("c0", "c1", "c2");
        }
    }

    @Test
    void withAGroupThatHasMembers_theHealthSaysThatCommitsAreRefused() throws Exception {
        String group = UUID.randomUUID().toString();
        sendToEach("a");
        try (KafkaConsumer member = KafkaConsumer.builder()
                        .topic(topic)
                        .consumerGroup(group)
                        .bootstrapServers(server.address())
                        .build();
                KafkaConsumer consumer = consumer(0)
                        .consumerGroup(group)
                        .closeTimeout(Duration.ofMillis(200))
                        .build()) {
            subscribed(member).await(3);
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seekToBeginning()); // which is to be committed
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
                Health health = TestSubscriber.get(consumer.healthCheck());
                return health.status() == Health.Status.DOWN
                        && health.detail().contains("no position could be committed");
            });
        }
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void withoutAGroup_eachConsumerBeginsAnew_andGoesOnOverItsConnections(GroupProtocol protocol) throws Exception {
        sendToEach("a");
        for (int i = 0; i < 2; i++) {
            try (KafkaConsumer consumer = consumer(2).groupProtocol(protocol).build()) {
                TestSubscriber before = TestSubscriber.requesting(1);
                consumer.consume().subscribe(before);
                Message message = before.await(1).get(0);
                assertThat(message.text()).isEqualTo("a2");
                assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
                TestSubscriber.get(consumer.commitOffsets());
                TestSubscriber.get(consumer.disconnect());
                sendToEach("b" + i);
                TestSubscriber.get(consumer.connect());
                assertThat(subscribed(consumer).await(1).get(0).text()).isEqualTo("b02");
            }
        }
    }

    @Test
    void withoutAGroup_seeksAndLatest() throws Exception {
        sendToEach("a");
        try (KafkaConsumer consumer =
                consumer(0, 1).autoOffsetReset(AutoOffsetReset.LATEST).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seekToEnd()); // there, before anything is sent
            TestSubscriber subscriber = subscribed(consumer);
            sendToEach("b");
            subscriber.await(2);
            TestSubscriber.get(consumer.seek(topic, 1, 0));
            subscriber.await(4);
            assertThat(subscriber.texts().subList(0, 2)).containsExactlyInAnyOrder("b0", "b1");
            assertThat(subscriber.texts().subList(2, 4)).containsExactly("a1", "b1");
        }
    }

    @Test
    void partitionThatIsNotThere_isRefusedAtConnect() {
        try (KafkaConsumer consumer = consumer(0, 3).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.connect()))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining("has no partition 3, its partitions are 0 to 2");
        }
    }
}
