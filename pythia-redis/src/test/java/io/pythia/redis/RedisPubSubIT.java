package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only publish/subscribe has: patterns, gaps, a buffer that may overflow, shards. */
@Timeout(180)
class RedisPubSubIT extends RedisServerFixture {
    private static final class Gaps implements BrokerListener {
        final List<Gap> seen = new CopyOnWriteArrayList<>();

        @Override
        public void dataLoss(String broker, Gap gap) {
            seen.add(gap);
        }
    }

    @Test
    void channelsAndPatterns_inOneConsumer() {
        String channel = newChannel();
        try (RedisPubSubConsumer consumer =
                consumer().channels(channel).patterns(channel + ".u?er.*").build()) {
            assertThat(consumer.capabilities().guarantee()).isEqualTo(Guarantee.AT_MOST_ONCE);
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            server.call("PUBLISH", channel, "1");
            server.call("PUBLISH", channel + ".user.7", "2");
            server.call("PUBLISH", channel + ".other", "3");
            server.call("PUBLISH", channel + ".uzer.8", "4");
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("1", "2", "4");
            assertThat(subscriber.messages().get(1).source()).isEqualTo(channel + ".user.7");
        }
    }

    /** Regression 45: what was subscribed is subscribed again, and the gap is told of with both of its ends. */
    @Test
    void afterEachReconnect_theGapIsToldOf_andAllSubscriptionsAreBack() {
        String channel = newChannel();
        Gaps gaps = new Gaps();
        Instant before = Instant.now();
        try (RedisPubSubConsumer consumer = consumer()
                .channels(channel, channel + "-2")
                .patterns(channel + ".*")
                .listener(gaps)
                .build()) {
            TestSubscriber.get(consumer.connect());
            assertThat(gaps.seen).isEmpty();
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            for (int i = 1; i <= 3; i++) {
                int expected = i;
                server.kill();
                server.start();
                eventually("the gap", () -> gaps.seen.size() == expected);
            }
            server.call("PUBLISH", channel, "1");
            server.call("PUBLISH", channel + "-2", "2");
            server.call("PUBLISH", channel + ".x", "3");
            subscriber.await(3);
            assertThat(gaps.seen).allSatisfy(gap -> {
                assertThat(Instant.parse(gap.from())).isAfterOrEqualTo(before);
                assertThat(Instant.parse(gap.to())).isAfter(Instant.parse(gap.from()));
            });
        }
    }

    @Test
    void bufferThatOverflows_endsTheStream_orDrops_byPolicy() {
        for (BufferOverflow overflow : BufferOverflow.values()) {
            String channel = newChannel();
            Gaps gaps = new Gaps();
            try (RedisPubSubConsumer consumer = consumer()
                    .channels(channel)
                    .bufferSize(10)
                    .overflow(overflow)
                    .listener(gaps)
                    .build()) {
                TestSubscriber.get(consumer.connect());
                TestSubscriber subscriber = TestSubscriber.requesting(0);
                consumer.consume().subscribe(subscriber);
                for (int i = 0; i < 30; i++) {
                    server.call("PUBLISH", channel, Integer.toString(i));
                }
                eventually(
                        "all at the consumer",
                        () -> TestSubscriber.get(consumer.healthCheck())
                                .facts()
                                .get("buffered")
                                .equals("10"));
                server.call("PUBLISH", channel, "last");
                TestSubscriber.get(consumer.healthCheck()); // its answer comes behind the message
                subscriber.request(100);
                if (overflow == BufferOverflow.ERROR) {
                    assertThat(subscriber.awaitEnd())
                            .isInstanceOf(BrokerException.class)
                            .hasMessageContaining("bufferSize");
                    assertThat(subscriber.texts())
                            .startsWith("0")
                            .doesNotContain("last")
                            .hasSize(10);
                } else {
                    subscriber.await(10);
                    eventually("the event", () -> !gaps.seen.isEmpty());
                    assertThat(gaps.seen.get(0).detail()).contains("21", overflow.name());
                    assertThat(subscriber.texts().get(0)).isEqualTo(overflow == BufferOverflow.DROP_NEW ? "0" : "21");
                    server.call("PUBLISH", channel, "goes on");
                    assertThat(subscriber.await(11).get(10).text()).isEqualTo("goes on");
                }
            }
        }
    }

    @Test
    void bufferBytes_boundTheBuffer() {
        ChannelBuffer buffer = new ChannelBuffer("name", 1_000, 100, BufferOverflow.DROP_NEW);
        for (int i = 0; i < 50; i++) {
            buffer.put(new ChannelMessage("c", new byte[30], "session", i));
        }
        assertThat(buffer.size()).isEqualTo(3);
        assertThat(buffer.takeDropped()).isEqualTo(47);
        assertThat(buffer.takeDropped()).isZero();
    }

    @Test
    void publish_saysHowManyReceived_andFailsIfSomebodyMust() {
        String channel = newChannel();
        try (RedisPubSubProducer producer = producer().channel(channel).build();
                RedisPubSubProducer strict =
                        producer().channel(channel).requireReceivers(true).build();
                RedisPubSubConsumer consumer = consumer().channels(channel).build()) {
            assertThat(TestSubscriber.get(producer.send(Message.of("nobody"))).details())
                    .containsEntry("receivers", "0");
            assertThatThrownBy(() -> TestSubscriber.get(strict.send(Message.of("nobody"))))
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("requireReceivers");
            TestSubscriber.get(consumer.connect());
            assertThat(TestSubscriber.get(strict.send(Message.of("one"))).details())
                    .containsEntry("receivers", "1");
        }
    }

    @Test
    void shardedChannels_work() {
        String channel = newChannel();
        try (RedisPubSubProducer producer =
                        producer().channel(channel).sharded(true).build();
                RedisPubSubConsumer consumer = consumer()
                        .channels(channel, channel + "-2")
                        .sharded(true)
                        .build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(producer.send(Message.of("x")));
            server.call("SPUBLISH", channel + "-2", "y");
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("x", "y");
        }
    }

    private static String newChannel() {
        return "channel-" + UUID.randomUUID();
    }

    private RedisPubSubConsumer.Builder consumer() {
        return RedisPubSubConsumer.builder()
                .config(RedisServers.config(server.address()))
                .closeTimeout(Duration.ofSeconds(1))
                .retry(RedisKind.QUICK);
    }

    private RedisPubSubProducer.Builder producer() {
        return RedisPubSubProducer.builder()
                .config(RedisServers.config(server.address()))
                .retry(RedisKind.QUICK);
    }
}
