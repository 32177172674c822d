package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read while the application is busy with what was read before: it is neither lost, nor kept from others, nor given out twice. */
@Timeout(180)
class RedisReadAheadIT extends RedisServerFixture {
    private static final String GROUP = "group";
    private static final int BATCH = 5;
    private static final int MESSAGES = 40;

    /** Acknowledges the first batch, with which a session warms up, and blocks in the second. */
    private static TestSubscriber blocking(CountDownLatch until, boolean acknowledging) {
        AtomicInteger seen = new AtomicInteger();
        return TestSubscriber.handling(message -> {
            boolean first = seen.incrementAndGet() <= BATCH;
            if (!first) {
                try {
                    until.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            if (first || acknowledging) {
                message.ack();
            }
        });
    }

    @Test
    void entriesThatOthersClaimedMeanwhile_areNotGivenOut() {
        String key = fill("XADD");
        CountDownLatch until = new CountDownLatch(1);
        try (RedisStreamsConsumer slow = streams(key, Duration.ofSeconds(10));
                RedisStreamsConsumer rival = streams(key, Duration.ofSeconds(10))) {
            TestSubscriber blocked = blocking(until, true);
            slow.consume().subscribe(blocked);
            eventually("reads ahead", () -> pending(key) >= 3 * BATCH);
            TestSubscriber other = TestSubscriber.acknowledging();
            rival.consume().subscribe(other);
            // All but the batch whose lease the engine extends.
            other.await(MESSAGES - 2 * BATCH);
            until.countDown();
            blocked.await(2 * BATCH);
            eventually("all acknowledged", () -> pending(key) == 0);
            assertThat(blocked.count())
                    .as("%s, other: %s", described(blocked), described(other))
                    .isEqualTo(2 * BATCH);
            assertThat(other.count()).isEqualTo(MESSAGES - 2 * BATCH);
            List<String> all = new ArrayList<>(blocked.texts());
            all.addAll(other.texts());
            assertThat(new HashSet<>(all)).hasSize(MESSAGES);
        } finally {
            until.countDown();
        }
    }

    @Test
    void entriesThatNobodyClaimedMeanwhile_areGivenOut_inOrder() {
        String key = fill("XADD");
        CountDownLatch until = new CountDownLatch(1);
        try (RedisStreamsConsumer slow = streams(key, Duration.ofMillis(300))) {
            TestSubscriber blocked = blocking(until, true);
            slow.consume().subscribe(blocked);
            eventually("reads ahead", () -> pending(key) >= 3 * BATCH);
            long late = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            eventually("several times the lease", () -> System.nanoTime() - late > 0);
            until.countDown();
            blocked.await(MESSAGES);
            assertThat(blocked.texts()).isEqualTo(numbers());
            assertThat(blocked.messages()).allMatch(message -> message.attempt() == 1);
            eventually("all acknowledged", () -> pending(key) == 0);
        } finally {
            until.countDown();
        }
    }

    @Test
    void entriesOfAConsumerThatIsDisconnected_areForOthersAtOnce_whileItStillHoldsSome() {
        String key = fill("XADD");
        CountDownLatch until = new CountDownLatch(1);
        try (RedisStreamsConsumer leaving = streams(key, Duration.ofHours(1));
                RedisStreamsConsumer rival = streams(key, Duration.ofHours(1))) {
            TestSubscriber blocked = blocking(until, false);
            leaving.consume().subscribe(blocked);
            eventually("reads ahead", () -> pending(key) >= 3 * BATCH);
            CompletableFuture<Void> left = leaving.disconnect();
            until.countDown();
            TestSubscriber other = TestSubscriber.acknowledging();
            rival.consume().subscribe(other);
            // All but the message that is with the application, and the rest of its batch.
            other.await(MESSAGES - 2 * BATCH);
            assertThat(left).isNotDone();
            eventually("the end, when all of them are settled", () -> {
                blocked.messages().forEach(Message::ack);
                return left.isDone();
            });
            TestSubscriber.get(left);
        } finally {
            until.countDown();
        }
    }

    /** Also when the server's memory is full: it would refuse a plain push. */
    @ParameterizedTest
    @CsvSource({"AT_LEAST_ONCE,FIFO", "AT_LEAST_ONCE,LIFO", "AT_MOST_ONCE,FIFO", "AT_MOST_ONCE,LIFO"})
    void elementsOfAConsumerThatIsDisconnected_goBackInOrder_whileItStillHoldsSome(
            Guarantee guarantee, ListOrder order) {
        String queue = fill(order == ListOrder.FIFO ? "LPUSH" : "RPUSH");
        CountDownLatch until = new CountDownLatch(1);
        try (RedisListConsumer leaving = RedisListConsumer.builder()
                .queue(queue)
                .guarantee(guarantee)
                .order(order)
                .batchSize(BATCH)
                .config(RedisServers.config(server.address()))
                .build()) {
            TestSubscriber blocked = blocking(until, false);
            leaving.consume().subscribe(blocked);
            eventually("reads ahead", () -> length(queue) <= MESSAGES - 4 * BATCH);
            server.call("CONFIG", "SET", "maxmemory", "1");
            CompletableFuture<Void> left = leaving.disconnect();
            until.countDown();
            // Of the batch that is with the application, those that it was not given come back when all is settled.
            eventually("what was read ahead", () -> length(queue) >= MESSAGES - 2 * BATCH);
            List<String> inOrder = range(queue);
            if (order == ListOrder.FIFO) {
                Collections.reverse(inOrder);
            }
            assertThat(inOrder).endsWith(numbers().subList(2 * BATCH, MESSAGES).toArray(String[]::new));
            blocked.messages().forEach(Message::ack);
            TestSubscriber.get(left);
        } finally {
            server.call("CONFIG", "SET", "maxmemory", "0");
            until.countDown();
        }
    }

    private static List<String> described(TestSubscriber subscriber) {
        return subscriber.messages().stream()
                .map(message -> message.text() + "/" + message.attempt())
                .toList();
    }

    private String fill(String command) {
        String key = "ahead-" + UUID.randomUUID();
        for (String each : numbers()) {
            if (command.equals("XADD")) {
                server.call("XADD", key, "*", "body", each);
            } else {
                server.call(command, key, each);
            }
        }
        return key;
    }

    private static List<String> numbers() {
        List<String> numbers = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            numbers.add(Integer.toString(i));
        }
        return numbers;
    }

    private RedisStreamsConsumer streams(String key, Duration claimMinIdle) {
        return RedisStreamsConsumer.builder().stream(key)
                .consumerGroup(GROUP)
                .claimMinIdle(claimMinIdle)
                .batchSize(BATCH)
                .config(RedisServers.config(server.address()))
                .closeTimeout(Duration.ofSeconds(60))
                .retry(RedisKind.QUICK)
                .build();
    }

    private long pending(String key) {
        return server.call("EXISTS", key).equals(0L)
                ? 0
                : (Long) ((List<?>) server.call("XPENDING", key, GROUP)).get(0);
    }

    private long length(String queue) {
        return (Long) server.call("LLEN", queue);
    }

    private List<String> range(String queue) {
        List<String> elements = new ArrayList<>();
        ((List<?>) server.call("LRANGE", queue, "0", "-1")).forEach(each -> elements.add(String.valueOf(each)));
        return elements;
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what)
                .atMost(60, TimeUnit.SECONDS)
                .pollInterval(20, TimeUnit.MILLISECONDS)
                .ignoreExceptions()
                .until(condition::getAsBoolean);
    }
}
