package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Going elsewhere in a topic, on a real broker; most of all before the group has given out partitions. */
@Timeout(180)
class KafkaSeekIT {
    private final TestServer server = TestServers.kafka();
    private final String group = UUID.randomUUID().toString();

    private KafkaConsumer.Builder consumer(String topic) {
        return KafkaConsumer.builder().topic(topic).consumerGroup(group).bootstrapServers(server.address());
    }

    private void send(String topic, String... bodies) {
        for (String body : bodies) {
            send(topic, Message.of(body));
        }
    }

    private void send(String topic, Message message) {
        try (KafkaProducer producer = KafkaProducer.builder()
                .topic(topic)
                .bootstrapServers(server.address())
                .build()) {
            TestSubscriber.get(producer.send(message));
        }
    }

    private static TestSubscriber subscribed(KafkaConsumer consumer) {
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        consumer.consume().subscribe(subscriber);
        return subscriber;
    }

    /** Makes the group have a position behind so many messages. */
    private void consume(KafkaConsumer.Builder member, int messages) {
        try (KafkaConsumer consumer = member.build()) {
            subscribed(consumer).await(messages);
        }
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void seekToBeginning_justAfterConnect_isDone_andAllComesAgain(GroupProtocol protocol) {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a", "b", "c");
        consume(consumer(topic).groupProtocol(protocol), 3);
        try (KafkaConsumer consumer = consumer(topic).groupProtocol(protocol).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seekToBeginning());
            TestSubscriber subscriber = subscribed(consumer);
            subscriber.await(3);
            send(topic, "d");
            subscriber.await(4);
            assertThat(subscriber.texts()).containsExactly("a", "b", "c", "d");
        }
        consumeNothingButWhatIsNew(topic, protocol);
    }

    /** The group's position has gone on from where it was sought. */
    private void consumeNothingButWhatIsNew(String topic, GroupProtocol protocol) {
        send(topic, "new");
        try (KafkaConsumer next = consumer(topic).groupProtocol(protocol).build()) {
            TestSubscriber subscriber = subscribed(next);
            subscriber.await(1);
            assertThat(subscriber.texts()).containsExactly("new");
        }
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void seekToEnd_justAfterConnect_skipsWhatIsThere(GroupProtocol protocol) {
        String topic = KafkaTopics.create(server.address(), 3);
        send(topic, "a", "b", "c");
        try (KafkaConsumer consumer = consumer(topic).groupProtocol(protocol).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seekToEnd());
            send(topic, "d");
            TestSubscriber subscriber = subscribed(consumer);
            subscriber.await(1);
            assertThat(subscriber.texts()).containsExactly("d");
        }
    }

    /** A seek is the one way to begin there. */
    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void seekToBeginning_ofAGroupWithoutAPosition_withAutoOffsetResetNone(GroupProtocol protocol) {
        String prefix = "seek-" + UUID.randomUUID();
        send(KafkaTopics.create(server.address(), prefix + "-one", 1), "a");
        try (KafkaConsumer consumer = KafkaConsumer.builder()
                .topicPattern(prefix + "-.*")
                .consumerGroup(group)
                .bootstrapServers(server.address())
                .autoOffsetReset(AutoOffsetReset.NONE)
                .groupProtocol(protocol)
                .build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seekToBeginning());
            assertThat(subscribed(consumer).await(1).get(0).text()).isEqualTo("a");
        }
    }

    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void memberWithoutPartitions_seeksWhenItIsGivenSome(GroupProtocol protocol) {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a");
        KafkaConsumer.Builder member = consumer(topic).groupProtocol(protocol);
        KafkaConsumer owner = member.build();
        try (KafkaConsumer second = member.build()) {
            subscribed(owner).await(1);
            TestSubscriber.get(owner.commitOffsets());
            TestSubscriber.get(second.connect());
            CompletableFuture<Void> sought = second.seekToBeginning();
            assertThat(sought).isNotDone();
            owner.close();
            TestSubscriber.get(sought);
            assertThat(subscribed(second).await(1).get(0).text()).isEqualTo("a");
        } finally {
            owner.close();
        }
    }

    /** In a test of its own: with the classic protocol, who goes away while it joins may hold up the group for a session timeout. */
    @ParameterizedTest
    @EnumSource(GroupProtocol.class)
    void memberWithoutPartitions_thatIsDisconnected_failsItsSeek(GroupProtocol protocol) {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a");
        KafkaConsumer.Builder member = consumer(topic).groupProtocol(protocol);
        try (KafkaConsumer owner = member.build();
                KafkaConsumer second = member.build()) {
            subscribed(owner).await(1);
            TestSubscriber.get(second.connect());
            CompletableFuture<Void> never = second.seekToBeginning();
            assertThat(never).isNotDone();
            TestSubscriber.get(second.disconnect());
            assertThatThrownBy(() -> TestSubscriber.get(never))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("is disconnected");
        }
    }

    @Test
    void seek_goesToAnOffset_andRefusesWhatIsNotThere() {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a", "b", "c");
        consume(consumer(topic), 3);
        try (KafkaConsumer consumer = consumer(topic).build()) {
            assertThatThrownBy(() -> TestSubscriber.get(consumer.seek(topic, 0, 1)))
                    .hasMessageContaining("is not connected");
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seek(topic, 0, 1));
            TestSubscriber subscriber = subscribed(consumer);
            subscriber.await(2);
            assertThatThrownBy(() -> TestSubscriber.get(consumer.seek(topic, 7, 0)))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("partition " + topic + "-7 is not assigned");
            assertThatThrownBy(() -> consumer.seek(topic, 0, -1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(subscriber.texts()).containsExactly("b", "c");
        }
    }

    @Test
    void seek_toAnOffsetThatIsNotThere_isAGap() throws InterruptedException {
        String topic = KafkaTopics.create(server.address(), 1);
        send(topic, "a");
        BlockingQueue<BrokerListener.Gap> gaps = new LinkedBlockingQueue<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dataLoss(String broker, Gap gap) {
                gaps.add(gap);
            }
        };
        try (KafkaConsumer consumer = consumer(topic).listener(listener).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.seek(topic, 0, 1_000));
            assertThat(subscribed(consumer).await(1).get(0).text()).isEqualTo("a");
            assertThat(gaps.poll(60, TimeUnit.SECONDS).from()).isEqualTo("1000");
        }
    }

    @Test
    void seekToTime_goesToTheFirstRecordOfThatTime_andToTheEndWhereThereIsNone() {
        String busy = KafkaTopics.create(server.address(), 1);
        String quiet = KafkaTopics.create(server.address(), 1);
        Instant noon = Instant.now().truncatedTo(ChronoUnit.DAYS).minus(Duration.ofHours(12));
        for (int hour = -1; hour <= 1; hour++) {
            send(busy, at(noon.plus(Duration.ofHours(hour)), "busy " + hour));
        }
        send(quiet, at(noon.minusMillis(1), "quiet -1"));
        try (KafkaConsumer consumer =
                consumer(busy).topics(List.of(busy, quiet)).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            // tag::seek[]
            consumer.connect().join();
            consumer.seekToTime(noon).join(); // or seekToBeginning(), seekToEnd(), seek("orders", 0, 17)
            consumer.consume().subscribe(subscriber);
            // end::seek[]
            subscriber.await(2);
            send(quiet, "new");
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactlyInAnyOrder("busy 0", "busy 1", "new");
            TestSubscriber.get(consumer.seekToTime(Instant.MIN));
            subscriber.await(8);
            TestSubscriber.get(consumer.seekToTime(Instant.MAX));
            send(quiet, "newer");
            subscriber.await(9);
            assertThat(subscriber.texts().get(8)).isEqualTo("newer");
        }
    }

    private static Message at(Instant time, String body) {
        return Message.builder().timestamp(time).body(body).build();
    }
}
