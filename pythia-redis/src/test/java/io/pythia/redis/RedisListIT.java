package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.Settled;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only lists have: what is being processed, dead consumers, order, priority, length. */
@Timeout(180)
class RedisListIT extends RedisServerFixture {
    @Test
    void elements_areInTheConsumersOwnList_untilTheyAreAcknowledged() {
        String queue = newQueue();
        server.call("LPUSH", queue, "a", "b", "same", "same");
        try (RedisListConsumer consumer =
                consumer(queue).consumerName("worker-1").build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(4);
            consumer.consume().subscribe(subscriber);
            List<Message> messages = subscriber.await(4);
            assertThat(subscriber.texts()).containsExactly("a", "b", "same", "same");
            String processing = queue + ":processing:worker-1";
            assertThat(length(queue)).isZero();
            assertThat(length(processing)).isEqualTo(4);
            assertThat(TestSubscriber.get(messages.get(3).ack())).isEqualTo(Settled.DONE);
            assertThat(server.call("LRANGE", processing, "0", "-1")).isEqualTo(List.of("same", "b", "a"));
            TestSubscriber.get(messages.get(0).ack());
            TestSubscriber.get(messages.get(1).ack());
            TestSubscriber.get(messages.get(2).ack());
            assertThat(length(processing)).isZero();
        }
    }

    @Test
    void close_givesBackInOrder_andLeavesNothingBehind() {
        String queue = newQueue();
        server.call("LPUSH", queue, "a", "b", "c", "d");
        RedisListConsumer consumer =
                consumer(queue).closeTimeout(Duration.ofMillis(100)).build();
        TestSubscriber subscriber = TestSubscriber.requesting(3);
        consumer.consume().subscribe(subscriber);
        TestSubscriber.get(subscriber.await(3).get(1).ack());
        consumer.close();
        eventually(
                "given back, in order, and nothing left",
                () -> server.call("LRANGE", queue, "0", "-1").equals(List.of("d", "c", "a"))
                        && ((List<?>) server.call("KEYS", queue + ":*")).isEmpty());
    }

    @Test
    void whatADeadConsumerHasLeft_goesBackToTheQueue() {
        String queue = newQueue();
        server.call("LPUSH", queue + ":processing:dead", "a", "b");
        server.call("ZADD", queue + ":processing", "1", "dead");
        server.call("LPUSH", queue, "c");
        try (RedisListConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("a", "b", "c");
            eventually(
                    "the dead one to be forgotten",
                    () -> !String.valueOf(server.call("ZRANGE", queue + ":processing", "0", "-1"))
                            .contains("dead"));
        }
    }

    /** F20: the server refuses to wait for elements then. */
    @Test
    void serverOutOfMemory_sessionGoesOn_andWhatADeadConsumerHasLeftIsDelivered() {
        String queue = newQueue();
        server.call("LPUSH", queue + ":processing:dead", "a", "b");
        server.call("ZADD", queue + ":processing", "1", "dead");
        server.call("CONFIG", "RESETSTAT");
        server.call("CONFIG", "SET", "maxmemory", "1");
        Outages outages = new Outages();
        try (RedisListConsumer consumer = consumer(queue).listener(outages).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(2);
            assertThat(subscriber.texts()).containsExactly("a", "b");
            eventually(
                    "waits that are refused",
                    () -> String.valueOf(server.call("INFO", "commandstats"))
                            .matches("(?s).*cmdstat_blmove:[^\\n]*rejected_calls=([3-9]|[1-9][0-9]).*"));
            server.call("CONFIG", "SET", "maxmemory", "0");
            server.call("LPUSH", queue, "c");
            assertThat(subscriber.await(3).get(2).text()).isEqualTo("c");
            assertThat(outages.lost()).isZero();
        } finally {
            server.call("CONFIG", "SET", "maxmemory", "0");
        }
    }

    /** F22. */
    @Test
    void flushAll_isSurvived_andWhatComesLaterIsDelivered() {
        String queue = newQueue();
        server.call("LPUSH", queue, "before");
        try (RedisListConsumer consumer =
                consumer(queue).deadAfter(Duration.ofSeconds(3)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message before = subscriber.await(1).get(0);
            server.call("FLUSHALL");
            assertThat(TestSubscriber.get(before.ack())).isEqualTo(Settled.STALE);
            server.call("LPUSH", queue, "after");
            subscriber.request(1);
            Message after = subscriber.await(2).get(1);
            assertThat(after.text()).isEqualTo("after");
            assertThat(TestSubscriber.get(after.ack())).isEqualTo(Settled.DONE);
        }
    }

    /** F29, F24: a consumer that was frozen for too long has lost what it held, knows it, and goes on. */
    @Test
    void consumerThatWasGivenUp_settlesNothing_andBeginsAnew() {
        String queue = newQueue();
        server.call("LPUSH", queue, "a");
        try (RedisListConsumer frozen =
                        consumer(queue).deadAfter(Duration.ofSeconds(20)).build();
                RedisListConsumer other =
                        consumer(queue).deadAfter(Duration.ofSeconds(20)).build()) {
            TestSubscriber holding = TestSubscriber.requesting(1);
            frozen.consume().subscribe(holding);
            Message message = holding.await(1).get(0);
            // As if it had given no sign of life: its heartbeat comes only after seven seconds.
            server.call("DEL", queue + ":alive:" + frozen.consumerName());
            TestSubscriber second = TestSubscriber.requesting(1);
            other.consume().subscribe(second);
            assertThat(second.await(1).get(0).text()).isEqualTo("a");
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.STALE);
            assertThat(length(queue + ":processing:" + other.consumerName())).isEqualTo(1);
            assertThat(TestSubscriber.get(second.messages().get(0).ack())).isEqualTo(Settled.DONE);
            other.close();
            server.call("LPUSH", queue, "b");
            holding.request(10);
            eventually("the next message", () -> holding.texts().contains("b"));
        }
    }

    @Test
    void order_lastInFirstOut_andSeveralQueuesByPriority() {
        String queue = newQueue();
        server.call("LPUSH", queue, "1", "2", "3");
        try (RedisListConsumer consumer = consumer(queue).order(ListOrder.LIFO).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(3);
            assertThat(subscriber.texts()).containsExactly("3", "2", "1");
        }
        String urgent = newQueue();
        String idle = newQueue();
        server.call("LPUSH", idle, "later");
        server.call("LPUSH", urgent, "now 1", "now 2");
        for (Guarantee guarantee : Guarantee.values()) {
            try (RedisListConsumer consumer = consumer(queue)
                    .queues(List.of(urgent, idle))
                    .guarantee(guarantee)
                    .build()) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                subscriber.await(3);
                assertThat(subscriber.texts()).containsExactly("now 1", "now 2", "later");
                server.call("LPUSH", idle, "later still");
                assertThat(subscriber.await(4).get(3).source()).isEqualTo(idle);
            }
            server.call("LPUSH", idle, "later");
            server.call("LPUSH", urgent, "now 1", "now 2");
        }
    }

    @Test
    void nack_toTheHeadOrTheTailOfTheQueue() {
        for (NackTarget target : List.of(NackTarget.HEAD, NackTarget.TAIL)) {
            String queue = newQueue();
            server.call("LPUSH", queue, "a", "b", "c");
            try (RedisListConsumer consumer =
                    consumer(queue).batchSize(1).nackTarget(target).build()) {
                List<String> nacked = new ArrayList<>();
                TestSubscriber subscriber = TestSubscriber.handling(message -> {
                    if (message.text().equals("a") && nacked.isEmpty()) {
                        nacked.add("a");
                        message.nack();
                    } else {
                        message.ack();
                    }
                });
                consumer.consume().subscribe(subscriber);
                subscriber.await(4);
                assertThat(subscriber.texts()).containsExactlyInAnyOrder("a", "a", "b", "c");
                if (target == NackTarget.TAIL) {
                    assertThat(subscriber.texts().get(3)).isEqualTo("a");
                }
                eventually("nothing left", () -> length(queue + ":processing:" + consumer.consumerName()) == 0);
            }
        }
    }

    /** Regressions 39 and M2: no wait is left at the server that would take an element for nobody. */
    @Test
    void popThatWaits_takesNothingAfterTheConsumerIsClosed() {
        for (Guarantee guarantee : Guarantee.values()) {
            String queue = newQueue();
            RedisListConsumer consumer = consumer(queue)
                    .guarantee(guarantee)
                    .timeout(Duration.ofMinutes(10))
                    .build();
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            eventually(
                    "a client that waits",
                    () -> String.valueOf(server.call("INFO", "clients")).contains("blocked_clients:1"));
            consumer.close();
            eventually(
                    "no client that waits",
                    () -> String.valueOf(server.call("INFO", "clients")).contains("blocked_clients:0"));
            server.call("LPUSH", queue, "kept");
            assertThat(length(queue)).isEqualTo(1);
            assertThat(subscriber.count()).isZero();
        }
    }

    /** M2: a wait at the server is longer than any time-out of the client, whatever the configuration. */
    @Test
    void popThatWaitsLongerThanEveryTimeout_stillGetsItsElement() {
        String queue = newQueue();
        RedisConfig impatient = RedisServers.config(server.address()).toBuilder()
                .responseTimeout(Duration.ofMillis(500))
                .build();
        try (RedisListConsumer consumer = consumer(queue)
                .config(impatient)
                .guarantee(Guarantee.AT_MOST_ONCE)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            long until = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            eventually("some time", () -> System.nanoTime() - until > 0);
            server.call("LPUSH", queue, "late");
            assertThat(subscriber.await(1).get(0).text()).isEqualTo("late");
        }
    }

    @Test
    void plainPop_isAtMostOnce_andSaysSo() {
        String queue = newQueue();
        server.call("LPUSH", queue, "a");
        try (RedisListConsumer consumer =
                consumer(queue).guarantee(Guarantee.AT_MOST_ONCE).build()) {
            assertThat(consumer.capabilities().guarantee()).isEqualTo(Guarantee.AT_MOST_ONCE);
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            assertThat((List<?>) server.call("KEYS", queue + "*")).isEmpty();
            assertThatThrownBy(message::nack).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void boundedList_refusesOrDropsTheOldest() {
        String queue = newQueue();
        try (RedisListProducer rejecting = producer(queue)
                        .maxLength(3)
                        .retry(RedisKind.QUICK.withMaxRetries(0)) // else the outcome is that of the time limit
                        .build();
                RedisListProducer dropping = producer(queue)
                        .maxLength(3)
                        .overflow(ListOverflow.DROP_OLDEST)
                        .build()) {
            TestSubscriber.get(rejecting.sendBatch(List.of(Message.of("1"), Message.of("2"), Message.of("3"))));
            assertThatThrownBy(() -> TestSubscriber.get(rejecting.send(Message.of("4"))))
                    .isInstanceOf(MessageException.class)
                    .matches(e -> ((BrokerException) e).isRetryable(), "retryable");
            assertThat(length(queue)).isEqualTo(3);
            assertThat(TestSubscriber.get(dropping.send(Message.of("5"))).details())
                    .containsEntry("length", "3");
            assertThat(server.call("LRANGE", queue, "0", "-1")).isEqualTo(List.of("5", "3", "2"));
        }
    }

    @Test
    void rejectedMessage_goesToTheDeadLetterQueue() {
        String queue = newQueue();
        String letters = newQueue();
        server.call("LPUSH", queue, "bad");
        try (RedisListConsumer consumer =
                consumer(queue).deadLetterQueue(letters).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("bad")));
            eventually("the letter", () -> length(letters) == 1);
            eventually("nothing left", () -> length(queue + ":processing:" + consumer.consumerName()) == 0);
        }
    }

    @Test
    void ownDeadLetters_goOnWithTheNextConnection() {
        String queue = newQueue();
        String letters = newQueue();
        server.call("LPUSH", queue, "bad");
        try (RedisListConsumer consumer =
                consumer(queue).deadLetterQueue(letters).build()) {
            TestSubscriber.get(consumer.connect());
            TestSubscriber.get(consumer.disconnect());
            TestSubscriber.get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("bad")));
            eventually("the letter", () -> length(letters) == 1);
        }
    }

    private String newQueue() {
        return "queue-" + UUID.randomUUID();
    }

    private long length(String key) {
        return (Long) server.call("LLEN", key);
    }

    private RedisListConsumer.Builder consumer(String queue) {
        return RedisListConsumer.builder()
                .queue(queue)
                .config(RedisServers.config(server.address()))
                .closeTimeout(Duration.ofSeconds(1))
                .retry(RedisKind.QUICK);
    }

    private RedisListProducer.Builder producer(String queue) {
        return RedisListProducer.builder()
                .queue(queue)
                .config(RedisServers.config(server.address()))
                .retry(RedisKind.QUICK);
    }
}
