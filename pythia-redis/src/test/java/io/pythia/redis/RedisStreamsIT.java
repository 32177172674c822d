package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.StreamMessage;
import io.pythia.BrokerListener;
import io.pythia.BrokerListener.Gap;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only streams have: pending entries, claims, groups that go, entries that others wrote. */
@Timeout(180)
class RedisStreamsIT extends RedisServerFixture {
    private static final String GROUP = "group";

    private final String stream = "stream-" + UUID.randomUUID();

    private static final class Gaps implements BrokerListener {
        final List<Gap> seen = new CopyOnWriteArrayList<>();

        @Override
        public void dataLoss(String broker, Gap gap) {
            seen.add(gap);
        }
    }

    @Test
    void entriesOfAnotherProgram_areDeliveredWithTheirFields() {
        String key = newStream();
        server.call("XADD", key, "*", "type", "order", "amount", "7", "type", "second");
        server.call("XADD", key, "*", "data", "only");
        server.call("XADD", key, "*", "body", "b", "pythia-header:body", "x", "", "nameless", "pythia-key", "k");
        try (RedisStreamsConsumer consumer = consumer(key).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            List<Message> messages = subscriber.await(3);
            assertThat(messages.get(0).headers().all("type")).containsExactly("order", "second");
            assertThat(messages.get(0).headers().get("amount")).isEqualTo("7");
            assertThat(messages.get(0).body()).isEmpty();
            assertThat(messages.get(0).id()).startsWith(key + "@");
            StreamMessage<?, ?> entry =
                    messages.get(0).unwrap(StreamMessage.class).orElseThrow();
            assertThat(messages.get(0).timestamp().toEpochMilli())
                    .isEqualTo(Long.parseLong(
                            entry.getId().substring(0, entry.getId().indexOf('-'))));
            assertThat(messages.get(1).text()).isEqualTo("only");
            assertThat(messages.get(2).text()).isEqualTo("b");
            assertThat(messages.get(2).headers().get("body")).isEqualTo("x");
            assertThat(messages.get(2).key()).isEqualTo("k");
        }
    }

    /** F27. */
    @Test
    void oddEntries_inTheMiddle_holdNothingUp() {
        String key = newStream();
        try (RedisStreamsProducer producer = producer(key).build();
                RedisStreamsConsumer consumer = consumer(key).build()) {
            List<Message> good = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                good.add(Message.of("good"));
            }
            TestSubscriber.get(producer.sendBatch(good.subList(0, 500)));
            server.call("XADD", key, "*", "", "");
            server.call("XADD", key, "*", "pythia-id", "", "pythia-header:", "x");
            server.call("XADD", key, "*", "body", "x".repeat(2_000_000));
            server.call("XADD", key, "*", "\u0000\r\n", "{\"a\":", "\uFFFD", "\u0000");
            server.call("XADD", key, "1999999999999999999-5", "pythia-key", "", "body", "far future");
            TestSubscriber.get(producer.sendBatch(good.subList(500, 1_000)).exceptionally(e -> List.of()));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1_005);
            assertThat(subscriber.texts().stream().filter("good"::equals)).hasSize(1_000);
            for (Message each : subscriber.messages()) {
                assertThat(each.id()).isNotEmpty();
                assertThat(each.headers()).isNotNull();
                assertThat(each.timestamp()).isNotNull();
            }
            eventually("all acknowledged", () -> pending(key) == 0);
        }
    }

    /** F24. */
    @Test
    void whatADeadConsumerHasLeft_isClaimed_withItsCountOfDeliveries() {
        String key = newStream();
        server.call("XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM");
        for (int i = 0; i < 250; i++) {
            server.call("XADD", key, "*", "body", Integer.toString(i));
        }
        server.call("XREADGROUP", "GROUP", GROUP, "dead", "COUNT", "250", "STREAMS", key, ">");
        try (RedisStreamsConsumer consumer =
                consumer(key).claimMinIdle(Duration.ofSeconds(1)).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(250)).allMatch(message -> message.attempt() == 2);
            assertThat(subscriber.count()).isEqualTo(250);
            eventually("all acknowledged", () -> pending(key) == 0);
        }
    }

    @Test
    void restartUnderTheSameName_getsItsPendingEntries_atOnce_thenNewOnes() {
        String key = newStream();
        server.call("XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM");
        server.call("XADD", key, "*", "body", "pending");
        server.call("XREADGROUP", "GROUP", GROUP, "worker-1", "STREAMS", key, ">");
        server.call("XADD", key, "*", "body", "new");
        try (RedisStreamsConsumer consumer = consumer(key)
                .consumerName("worker-1")
                .claimMinIdle(Duration.ofHours(1))
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("pending", "new");
            assertThat(subscriber.messages().get(0).attempt()).isEqualTo(2);
            assertThat(subscriber.messages().get(1).attempt()).isEqualTo(1);
        }
    }

    /** C40: an acknowledgement never settles the copy of somebody else. */
    @Test
    void ackAfterTheEntryWasClaimedByAnother_isStale_andLeavesItPending() {
        String key = newStream();
        server.call("XADD", key, "*", "body", "x");
        try (RedisStreamsConsumer consumer = consumer(key).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            String id = message.unwrap(StreamMessage.class).orElseThrow().getId();
            server.call("XCLAIM", key, GROUP, "thief", "0", id);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.STALE);
            assertThat(pending(key)).isEqualTo(1);
        }
    }

    /** F17, with the engine's extensions. */
    @Test
    void handlerSlowerThanTheIdleTime_keepsItsEntry() {
        String key = newStream();
        server.call("XADD", key, "*", "body", "slow");
        try (RedisStreamsConsumer slow =
                        consumer(key).claimMinIdle(Duration.ofSeconds(6)).build();
                RedisStreamsConsumer rival =
                        consumer(key).claimMinIdle(Duration.ofSeconds(6)).build()) {
            TestSubscriber keeping = TestSubscriber.requesting(1);
            slow.consume().subscribe(keeping);
            Message message = keeping.await(1).get(0);
            TestSubscriber stolen = TestSubscriber.acknowledging();
            rival.consume().subscribe(stolen);
            long until = System.nanoTime() + Duration.ofSeconds(14).toNanos();
            eventually("more than twice the idle time", () -> System.nanoTime() - until > 0);
            assertThat(stolen.count()).isZero();
            assertThat(TestSubscriber.get(message.extend(Duration.ofSeconds(1))))
                    .isEqualTo(Settled.DONE);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
    }

    @Test
    void nackLongerThanTheIdleTime_makesNoDuplicate() {
        String key = newStream();
        server.call("XADD", key, "*", "body", "later");
        try (RedisStreamsConsumer consumer =
                consumer(key).claimMinIdle(Duration.ofSeconds(5)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            long before = System.nanoTime();
            TestSubscriber.get(message.nack(Duration.ofSeconds(12)));
            assertThat(subscriber.await(2).get(1).attempt()).isEqualTo(2);
            // Not claimed before.
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofSeconds(11));
        }
    }

    @Test
    void extend_givesTheWholeLease_howeverLittleIsAskedFor() {
        String key = newStream();
        for (int i = 0; i < 10; i++) {
            server.call("XADD", key, "*", "body", "m");
        }
        try (RedisStreamsConsumer consumer =
                consumer(key).claimMinIdle(Duration.ofHours(1)).build()) {
            TestSubscriber holding = TestSubscriber.requesting(10);
            consumer.consume().subscribe(holding);
            List<CompletableFuture<Settled>> extended = new ArrayList<>();
            for (Message message : holding.await(10)) {
                String id = message.unwrap(StreamMessage.class).orElseThrow().getId();
                server.call("XCLAIM", key, GROUP, consumer.consumerName(), "0", id, "IDLE", "3000000", "JUSTID");
                extended.add(message.extend(Duration.ofMinutes(1 + extended.size())));
            }
            extended.forEach(each -> assertThat(TestSubscriber.get(each)).isEqualTo(Settled.DONE));
            for (Object entry : (List<?>) server.call("XPENDING", key, GROUP, "-", "+", "10")) {
                assertThat((Long) ((List<?>) entry).get(2))
                        .isLessThan(Duration.ofMinutes(50).toMillis());
            }
        }
    }

    /** F17, without: the late acknowledgement is stale, and the stream goes on. */
    @Test
    void handlerSlowerThanTheIdleTime_withoutExtensions_losesItsEntry_andGoesOn() {
        String key = newStream();
        server.call("XADD", key, "*", "body", "slow");
        try (RedisStreamsConsumer slow = consumer(key)
                        .claimMinIdle(Duration.ofSeconds(1))
                        .maxLease(Duration.ZERO)
                        .build();
                RedisStreamsConsumer rival =
                        consumer(key).claimMinIdle(Duration.ofSeconds(1)).build()) {
            TestSubscriber keeping = TestSubscriber.requesting(1);
            slow.consume().subscribe(keeping);
            Message message = keeping.await(1).get(0);
            TestSubscriber second = TestSubscriber.acknowledging();
            rival.consume().subscribe(second);
            assertThat(second.await(1).get(0).attempt()).isEqualTo(2);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.STALE);
            eventually("all acknowledged", () -> pending(key) == 0);
            rival.close();
            server.call("XADD", key, "*", "body", "next");
            keeping.request(1);
            assertThat(keeping.await(2).get(1).text()).isEqualTo("next");
        }
    }

    /** F22, by policy; T11: no endless loop over a group that is gone. */
    @ParameterizedTest
    @EnumSource
    void groupGone_isMadeAgain_orEndsTheStream_byPolicy(NoGroupPolicy policy) {
        String key = newStream();
        Gaps gaps = new Gaps();
        server.call("XADD", key, "*", "body", "before");
        try (RedisStreamsConsumer consumer =
                consumer(key).noGroup(policy).listener(gaps).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(100);
            consumer.consume().subscribe(subscriber);
            Message before = subscriber.await(1).get(0);
            server.call("XGROUP", "DESTROY", key, GROUP);
            eventually("an event", () -> !gaps.seen.isEmpty());
            if (policy == NoGroupPolicy.FAIL) {
                assertThat(subscriber.awaitEnd()).isInstanceOf(DestinationNotFoundException.class);
                return;
            }
            assertThat(TestSubscriber.get(before.ack())).isEqualTo(Settled.STALE);
            eventually(
                    "the group",
                    () -> String.valueOf(server.call("XINFO", "GROUPS", key)).contains(GROUP));
            server.call("XADD", key, "*", "body", "after");
            if (policy == NoGroupPolicy.BEGINNING) {
                subscriber.await(3);
                assertThat(subscriber.texts()).containsExactly("before", "before", "after");
            } else {
                subscriber.await(2);
                assertThat(subscriber.texts()).containsExactly("before", "after");
            }
            assertThat(gaps.seen).hasSize(1);
        }
    }

    @Test
    void flushAll_isSurvived_andNothingThatComesLaterIsLost() {
        String key = newStream();
        Gaps gaps = new Gaps();
        try (RedisStreamsProducer producer = producer(key).build();
                RedisStreamsConsumer consumer = consumer(key).listener(gaps).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(producer.send(Message.of("before")));
            subscriber.await(1);
            server.call("FLUSHALL");
            eventually("an event", () -> !gaps.seen.isEmpty());
            for (int i = 0; i < 10; i++) {
                TestSubscriber.get(producer.send(Message.of("after " + i)));
            }
            subscriber.await(11);
        }
    }

    /** Regressions 42 to 44. */
    @Test
    void pendingEntriesThatWereDeletedOrTrimmed_areAcknowledgedAndToldOf_neverDelivered() {
        String key = newStream();
        server.call("XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ids.add(String.valueOf(server.call("XADD", key, "*", "body", Integer.toString(i))));
        }
        server.call("XREADGROUP", "GROUP", GROUP, "worker-1", "COUNT", "10", "STREAMS", key, ">");
        server.call("XREADGROUP", "GROUP", GROUP, "dead", "COUNT", "10", "STREAMS", key, ">");
        server.call("XDEL", key, ids.get(12));
        server.call("XTRIM", key, "MINID", ids.get(5));
        Gaps gaps = new Gaps();
        try (RedisStreamsConsumer consumer = consumer(key)
                .consumerName("worker-1")
                .claimMinIdle(Duration.ofSeconds(1))
                .listener(gaps)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(14);
            assertThat(subscriber.texts()).doesNotContain("0", "4", "12").contains("5", "11", "19");
            eventually("all acknowledged", () -> pending(key) == 0);
            assertThat(subscriber.count()).isEqualTo(14);
            assertThat(gaps.seen).extracting(Gap::from).containsExactly(ids.get(0), ids.get(12));
        }
    }

    /** T33: a consumer that leaves is forgotten only if nothing is pending for it. */
    @Test
    void consumerThatLeaves_isForgotten_butNeverWithPendingEntries() {
        String key = newStream();
        for (int i = 0; i < 5; i++) {
            server.call("XADD", key, "*", "body", "x");
        }
        RedisStreamsConsumer keeping =
                consumer(key).closeTimeout(Duration.ofMillis(100)).build();
        TestSubscriber subscriber = TestSubscriber.requesting(5);
        keeping.consume().subscribe(subscriber);
        subscriber.await(5);
        keeping.close();
        assertThat(pending(key)).isEqualTo(5);
        assertThat(String.valueOf(server.call("XINFO", "CONSUMERS", key, GROUP)))
                .contains(keeping.consumerName());
        RedisStreamsConsumer finishing = consumer(key).build();
        TestSubscriber acknowledging = TestSubscriber.acknowledging();
        finishing.consume().subscribe(acknowledging);
        acknowledging.await(5);
        eventually("all acknowledged", () -> pending(key) == 0);
        finishing.close();
        eventually(
                "the one that has finished to be forgotten",
                () -> !String.valueOf(server.call("XINFO", "CONSUMERS", key, GROUP))
                        .contains(finishing.consumerName()));
    }

    @Test
    void trimming_keepsWhatWasAskedFor() {
        String exact = newStream();
        String about = newStream();
        String byId = newStream();
        String byAge = newStream();
        try (RedisStreamsProducer first =
                        producer(exact).maxLength(10).approximate(false).build();
                RedisStreamsProducer second = producer(about).maxLength(10).build();
                RedisStreamsProducer third = producer(byId)
                        .minId("999999999999999")
                        .approximate(false)
                        .build();
                RedisStreamsProducer fourth = producer(byAge)
                        .maxAge(Duration.ofDays(1))
                        .approximate(false)
                        .build()) {
            server.call("XADD", byAge, "1-1", "body", "old");
            for (RedisStreamsProducer each : List.of(first, second, third, fourth)) {
                List<Message> messages = new ArrayList<>();
                for (int i = 0; i < 500; i++) {
                    messages.add(Message.of("x"));
                }
                TestSubscriber.get(each.sendBatch(messages));
            }
        }
        assertThat(server.call("XLEN", exact)).isEqualTo(10L);
        assertThat((Long) server.call("XLEN", about)).isBetween(10L, 499L);
        assertThat(server.call("XLEN", byId)).isEqualTo(0L);
        assertThat(server.call("XLEN", byAge)).isEqualTo(500L);
    }

    @Test
    void noAck_isAtMostOnce_andSaysSo() {
        String key = newStream();
        server.call("XADD", key, "*", "body", "x");
        try (RedisStreamsConsumer consumer = consumer(key).noAck(true).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            assertThat(pending(key)).isZero();
            assertThatThrownBy(message::nack).isInstanceOf(UnsupportedOperationException.class);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
    }

    /** F26. */
    @Test
    void poisonMessage_goesToTheDeadLetterStream_afterItsAttempts_andHoldsNothingUp() {
        String key = newStream();
        String letters = newStream();
        try (RedisStreamsProducer producer = producer(key).build();
                RedisStreamsConsumer consumer =
                        consumer(key).maxAttempts(3).deadLetterStream(letters).build();
                RedisStreamsConsumer reading = consumer(letters).build()) {
            List<Message> sent = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                sent.add(Message.builder()
                        .id("id-" + i)
                        .body(Integer.toString(i))
                        .build());
            }
            TestSubscriber.get(producer.sendBatch(sent));
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (message.text().equals("42")) {
                    message.nack();
                } else {
                    message.ack();
                }
            });
            consumer.consume().subscribe(subscriber);
            TestSubscriber dead = TestSubscriber.acknowledging();
            reading.consume().subscribe(dead);
            Message letter = dead.await(1).get(0);
            assertThat(letter.text()).isEqualTo("42");
            assertThat(letter.id()).isEqualTo("id-42");
            assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("3");
            subscriber.await(102);
            eventually("all acknowledged", () -> pending(key) == 0);
        }
    }

    private String newStream() {
        return stream + "-" + UUID.randomUUID();
    }

    private RedisStreamsConsumer.Builder consumer(String key) {
        return RedisStreamsConsumer.builder().stream(key)
                .consumerGroup(GROUP)
                .config(RedisServers.config(server.address()))
                .closeTimeout(Duration.ofSeconds(1))
                .retry(RedisKind.QUICK);
    }

    private RedisStreamsProducer.Builder producer(String key) {
        return RedisStreamsProducer.builder().stream(key)
                .config(RedisServers.config(server.address()))
                .retry(RedisKind.QUICK);
    }

    private long pending(String key) {
        return (Long) ((List<?>) server.call("XPENDING", key, GROUP)).get(0);
    }

    @Test
    void ownDeadLetters_goOnWithTheNextConnection() {
        String key = newStream();
        String letters = newStream();
        try (RedisStreamsProducer producer = producer(key).build();
                RedisStreamsConsumer consumer =
                        consumer(key).deadLetterStream(letters).build();
                RedisStreamsConsumer reading = consumer(letters).build()) {
            TestSubscriber.get(producer.send(Message.of("bad")));
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.disconnect());
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            TestSubscriber letter = TestSubscriber.acknowledging();
            reading.consume().subscribe(letter);
            assertThat(letter.await(1).get(0).text()).isEqualTo("bad");
        }
    }
}
