package io.pythia.redis;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.FaultRuns;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.fault.FaultProxy.Direction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What breaks in production, on a server of its own: every message is counted. The numbers are those of the project's contract. */
@Timeout(600)
class RedisFaultsIT extends RedisServerFixture {
    @TempDir
    private Path folder;

    /** A fault that strikes while messages flow. */
    private interface Fault {
        void strike(int number, Flow flow);
    }

    /** What flows through one destination. */
    private final class Flow implements AutoCloseable {
        final RedisKind kind;
        final Ledger ledger = new Ledger();
        final Outages outages = new Outages();
        final AtomicInteger errors = new AtomicInteger();
        final MessageProducer producer;
        final MessageBroker consumer;
        private final AtomicBoolean sending = new AtomicBoolean(true);
        private final Thread load = new Thread(this::send, "load");

        private final String destination = "flow-" + UUID.randomUUID();

        Flow(RedisKind kind) {
            this.kind = kind;
            // At most once all the way: a send without an answer is not repeated.
            RedisConfig config =
                    config().toBuilder().retryOnTimeout(kind.isAtLeastOnce()).build();
            producer = kind.producer(destination, config, RedisKind.producerOptions());
            consumer = kind.consumer(destination, config, RedisKind.consumerOptions(), outages);
            TestSubscriber.get(consumer.connect());
            consumer.consume()
                    .subscribe(Subscribers.each(
                            message -> {
                                ledger.delivered(message.text());
                                message.ack();
                            },
                            error -> errors.incrementAndGet()));
            load.start();
        }

        private void send() {
            for (int i = 0; sending.get(); i++) {
                ledger.send(producer, RedisKind.message("m" + i));
                LockSupport.parkNanos(200_000);
            }
        }

        void awaitMessages(int more) {
            int before = ledger.delivered();
            eventually("messages", () -> ledger.delivered() > before + more);
        }

        boolean isDown() {
            return TestSubscriber.get(consumer.healthCheck()).status() == Health.Status.DOWN;
        }

        /** Ends the load, waits for all that was confirmed, and checks the account. */
        void verify(String what, int maxDuplicates) throws InterruptedException {
            sending.set(false);
            load.join();
            eventually("an outcome of every send", () -> ledger.open() == 0);
            if (kind.isAtLeastOnce()) {
                eventually("all confirmed messages", () -> ledger.lost().isEmpty());
                ledger.verify(maxDuplicates);
            } else {
                eventually(
                        "an empty list", () -> server.call("LLEN", destination).equals(0L));
                assertThat(ledger.duplicates()).isZero();
                assertThat(ledger.delivered()).isPositive();
                if (kind == RedisKind.LIST_AT_MOST_ONCE) {
                    assertThat(ledger.lost().size()).isLessThanOrEqualTo(maxDuplicates);
                }
            }
            assertThat(errors.get()).isZero();
            System.out.println(what + ", " + kind + ": " + ledger + ", gaps " + outages.gaps());
        }

        @Override
        public void close() {
            sending.set(false);
            consumer.close();
            producer.close();
        }
    }

    private void underLoad(String what, RedisKind kind, int times, Fault fault) throws InterruptedException {
        try (Flow flow = new Flow(kind)) {
            for (int i = 0; i < times; i++) {
                flow.awaitMessages(300);
                fault.strike(i, flow);
            }
            flow.awaitMessages(300);
            flow.verify(what, times * 1_000);
            assertThat(flow.outages.lost()).isGreaterThanOrEqualTo(1);
            eventually("all ends", () -> flow.outages.restored() == flow.outages.lost());
            if (kind == RedisKind.PUBSUB) {
                // A session that has subscribed, too late to be taken, tells of a gap as well.
                assertThat(flow.outages.gaps()).isGreaterThanOrEqualTo(flow.outages.restored());
            }
        }
    }

    private void killAndRestart(int number, Flow flow) {
        server.kill();
        eventually("a health that says so", flow::isDown);
        server.start();
    }

    @ParameterizedTest
    @EnumSource
    void f01_serverKilledUnderLoad_losesNothing_andAllComesBackByItself(RedisKind kind) throws InterruptedException {
        underLoad("server killed 4 times", kind, 4, this::killAndRestart);
    }

    @Tag("nightly")
    @ParameterizedTest
    @EnumSource
    void f02_serverRestartedUnderLoad_losesNothing(RedisKind kind) throws InterruptedException {
        underLoad("server restarted 4 times", kind, 4, (number, flow) -> {
            server.stop();
            eventually("a health that says so", flow::isDown);
            server.start();
        });
    }

    @Tag("nightly")
    @ParameterizedTest
    @EnumSource
    void f03_serverFrozen_isNoticed_andNothingIsLost(RedisKind kind) throws InterruptedException {
        underLoad("server frozen", kind, 1, (number, flow) -> {
            server.pause();
            eventually("a health that says so", flow::isDown);
            eventually("an event", () -> flow.outages.lost() > 0);
            server.resume();
        });
    }

    @ParameterizedTest
    @EnumSource
    void f04_connectionsReset_manyTimes_loseNothing(RedisKind kind) throws InterruptedException {
        underLoad("connections reset 10 times", kind, 10, (number, flow) -> {
            int before = flow.outages.lost();
            server.proxy().resetAll();
            eventually("an event", () -> flow.outages.lost() > before);
            eventually("the next connection", () -> flow.outages.restored() == flow.outages.lost());
        });
    }

    @ParameterizedTest
    @EnumSource
    void f05_networkSwallowsEverything_isNoticed_andNothingIsLost(RedisKind kind) throws InterruptedException {
        underLoad("black hole", kind, 1, (number, flow) -> {
            server.proxy().drop(Direction.TO_SERVER);
            server.proxy().drop(Direction.TO_CLIENT);
            try {
                eventually("a health that says so", flow::isDown);
                eventually("an event", () -> flow.outages.lost() > 0);
            } finally {
                server.proxy().heal();
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void f08_connectionsReset_inTheMiddleOfAFrame_loseNothing(RedisKind kind) throws InterruptedException {
        resetAtRandomBytes(kind, 10);
    }

    @Tag("nightly")
    @ParameterizedTest
    @EnumSource
    void f08_connectionsReset_inTheMiddleOfAFrame_50Times(RedisKind kind) throws InterruptedException {
        resetAtRandomBytes(kind, 50);
    }

    private void resetAtRandomBytes(RedisKind kind, int times) throws InterruptedException {
        Random random = new Random(8);
        underLoad("reset at a random byte " + times + " times", kind, times, (number, flow) -> {
            Direction direction = number % 2 == 0 ? Direction.TO_SERVER : Direction.TO_CLIENT;
            int accepted = server.proxy().accepted();
            server.proxy().resetAfter(direction, 1 + random.nextInt(3_000));
            eventually("a reset", () -> server.proxy().accepted() > accepted);
        });
    }

    /** Regressions 40 and 41: the client neither runs a command later that it has reported as failed, nor runs one twice by itself. */
    @Test
    void f10_answersLost_sendsAreUncertain_andInTheStreamOnce() {
        String stream = "once-" + UUID.randomUUID();
        RedisConfig config = config().toBuilder()
                .retryOnTimeout(false)
                .responseTimeout(Duration.ofSeconds(2))
                .build();
        Ledger ledger = new Ledger();
        try (MessageProducer producer = RedisKind.STREAMS.producer(stream, config, RedisKind.producerOptions())) {
            TestSubscriber.get(ledger.send(producer, RedisKind.message("before")));
            server.proxy().drop(Direction.TO_CLIENT);
            for (int i = 0; i < 50; i++) {
                ledger.send(producer, RedisKind.message("lost-answer-" + i));
            }
            eventually("the messages in the stream", () -> length(stream) == 51);
            eventually("an outcome of every send", () -> ledger.open() == 0);
            server.proxy().resetAll(); // first: a connection that was healed would be another one that is reset
            server.proxy().heal();
            eventually("sends that succeed", () -> {
                try {
                    TestSubscriber.get(ledger.send(producer, RedisKind.message("after-" + UUID.randomUUID())));
                    return true;
                } catch (BrokerException e) {
                    return false;
                }
            });
        }
        assertThat(ledger.toString()).contains("confirmed 2", "uncertain 50");
        assertThat(length(stream)).isEqualTo(52);
    }

    @Test
    void f10_answersLost_retriedSends_areInTheStreamWithTheSameId() {
        String stream = "again-" + UUID.randomUUID();
        RedisConfig config =
                config().toBuilder().responseTimeout(Duration.ofSeconds(2)).build();
        try (MessageProducer producer = RedisKind.STREAMS.producer(stream, config, RedisKind.producerOptions())) {
            TestSubscriber.get(producer.connect());
            server.proxy().drop(Direction.TO_CLIENT);
            CompletableFuture<?> result = producer.send(RedisKind.message("again"));
            eventually("the message in the stream", () -> length(stream) == 1);
            server.proxy().resetAll(); // first: a connection that was healed would be another one that is reset
            server.proxy().heal();
            TestSubscriber.get(result);
        }
        assertThat(String.valueOf(server.call("XRANGE", stream, "-", "+")).split("pythia-id, again", -1))
                .hasSize(3); // there twice, with its id, as retryOnTimeout says
    }

    private long length(String stream) {
        return (Long) server.call("XLEN", stream);
    }

    @ParameterizedTest
    @EnumSource(names = {"STREAMS", "LIST"})
    void f13_consumerProcessKilled_inTheMiddle_losesNothing(RedisKind kind) {
        String destination = "killed-" + UUID.randomUUID();
        try (MessageProducer producer = kind.producer(destination, config(), RedisKind.producerOptions())) {
            FaultRuns.killConsumers(
                    "redis, " + kind,
                    producer,
                    20_000,
                    4,
                    folder.resolve("journal-" + kind),
                    journal -> child(kind, destination, journal),
                    4 * 600);
        }
    }

    private ChildJvm child(RedisKind kind, String destination, Path journal) {
        return new ChildJvm(ConsumingChild.class, kind.name(), server.address(), destination, journal.toString());
    }

    @ParameterizedTest
    @EnumSource
    void f18_connectionsClosedByTheServer_areReplaced(RedisKind kind) throws InterruptedException {
        underLoad("clients killed 5 times", kind, 5, (number, flow) -> {
            int before = flow.outages.lost();
            server.call("CLIENT", "KILL", "TYPE", number % 2 == 0 || kind != RedisKind.PUBSUB ? "normal" : "pubsub");
            server.call("CLIENT", "KILL", "TYPE", "pubsub");
            eventually("an event", () -> flow.outages.lost() > before);
            eventually("the next connection", () -> flow.outages.restored() == flow.outages.lost());
        });
    }

    /** What is full must be drained: consumers start and connect again all the same, and what waits is sent when there is room. */
    @ParameterizedTest
    @EnumSource(names = {"STREAMS", "LIST", "LIST_AT_MOST_ONCE"})
    void f20_serverOutOfMemory_sendsWait_consumersStartAndConnectAgainAndDrain(RedisKind kind) {
        String destination = "full-" + UUID.randomUUID();
        Outages outages = new Outages();
        TestSubscriber subscriber = TestSubscriber.requesting(50);
        try (MessageProducer producer = kind.producer(destination, config(), RedisKind.producerOptions());
                MessageBroker consumer = kind.consumer(destination, config(), RedisKind.consumerOptions(), outages)) {
            send(producer, "before", 200).forEach(TestSubscriber::get);
            server.call("CONFIG", "RESETSTAT");
            server.call("CONFIG", "SET", "maxmemory", "1");
            List<CompletableFuture<?>> results;
            try {
                results = send(producer, "during", 100);
                eventually(
                        "refusals",
                        () -> String.valueOf(server.call("INFO", "errorstats")).contains("errorstat_OOM"));
                consumer.consume().subscribe(subscriber);
                subscriber.await(50).forEach(message -> TestSubscriber.get(message.ack()));
                server.call("CLIENT", "KILL", "TYPE", "normal");
                subscriber.request(1_000);
                List<Message> rest = subscriber.await(200).subList(50, 200);
                rest.forEach(message -> TestSubscriber.get(message.ack()));
                assertThat(outages.lost()).isPositive();
                assertThat(results).noneMatch(CompletableFuture::isDone);
            } finally {
                server.call("CONFIG", "SET", "maxmemory", "0");
            }
            results.forEach(TestSubscriber::get);
            assertThat(subscriber.await(300)).hasSize(300);
            assertThat(subscriber.texts()).doesNotHaveDuplicates();
        }
    }

    private static List<CompletableFuture<?>> send(MessageProducer producer, String what, int count) {
        List<CompletableFuture<?>> results = new ArrayList<>();
        long longest = 0;
        for (int i = 0; i < count; i++) {
            long before = System.nanoTime();
            results.add(producer.send(RedisKind.message(what + i)));
            longest = Math.max(longest, System.nanoTime() - before);
        }
        assertThat(Duration.ofNanos(longest)).isLessThan(Duration.ofSeconds(5));
        return results;
    }

    @ParameterizedTest
    @EnumSource
    void f40_consumersClosed_atRandomMoments_loseNothing(RedisKind kind) throws InterruptedException {
        closeAtRandomMoments(kind, 40);
    }

    @Tag("nightly")
    @ParameterizedTest
    @EnumSource
    void f40_consumersClosed_atRandomMoments_200Times(RedisKind kind) throws InterruptedException {
        closeAtRandomMoments(kind, 200);
    }

    private void closeAtRandomMoments(RedisKind kind, int closes) throws InterruptedException {
        String destination = "closed-" + UUID.randomUUID();
        Ledger ledger = new Ledger();
        AtomicBoolean sending = new AtomicBoolean(true);
        Random random = new Random(40);
        try (MessageProducer producer = kind.producer(destination, config(), RedisKind.producerOptions())) {
            Thread load = new Thread(
                    () -> {
                        for (int i = 0; sending.get(); i++) {
                            ledger.send(producer, RedisKind.message("m" + i));
                            LockSupport.parkNanos(1_000_000);
                        }
                    },
                    "load");
            load.start();
            for (int i = 0; i < closes; i++) {
                MessageBroker consumer =
                        kind.consumer(destination, config(), RedisKind.consumerOptions(), BrokerListener.NONE);
                consumeInto(ledger, consumer);
                LockSupport.parkNanos(Duration.ofMillis(random.nextInt(100)).toNanos());
                long before = System.nanoTime();
                consumer.close();
                assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(13));
            }
            sending.set(false);
            load.join();
            TestSubscriber.get(producer.flush());
            try (MessageBroker last =
                    kind.consumer(destination, config(), RedisKind.consumerOptions(), BrokerListener.NONE)) {
                consumeInto(ledger, last);
                if (kind.isAtLeastOnce()) {
                    eventually("all confirmed messages", () -> ledger.lost().isEmpty());
                    ledger.verify(closes * 500);
                }
            }
        }
        eventually("no connection left", () -> server.proxy().open() == 0);
        System.out.println("closed " + closes + " times, " + kind + ": " + ledger);
    }

    private static void consumeInto(Ledger ledger, MessageBroker consumer) {
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            ledger.delivered(message.text());
                            message.ack();
                        },
                        error -> {}));
    }

    private RedisConfig config() {
        return RedisServers.config(server.address());
    }
}
