package io.pythia.cloud.aws;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Health;
import io.pythia.Message;
import io.pythia.SendResult;
import io.pythia.testkit.Ledger;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import io.pythia.testkit.server.TestServers;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a broken network and a sudden end do to what is published: nothing is lost. A queue that is subscribed tells what arrived. */
class SnsFaultsIT {
    private final String direct = TestServers.sns().address();
    /** Its own, since other classes publish at the same time. */
    private final FaultProxy proxy =
            new FaultProxy("127.0.0.1", URI.create("tcp://" + direct).getPort());

    private final Ledger ledger = new Ledger();

    @AfterEach
    void close() {
        proxy.close();
    }

    private SnsProducer.Builder producer(String topic) {
        return SnsTopics.producer("127.0.0.1:" + proxy.port(), topic)
                .retry(Traffic.QUICK)
                .sendTimeout(Duration.ofSeconds(90));
    }

    private CompletableFuture<SendResult> send(SnsProducer producer, String id) {
        return ledger.send(
                producer,
                Message.builder().id(id).key("k").body("body of " + id).build());
    }

    private List<CompletableFuture<SendResult>> send(SnsProducer producer, String prefix, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> send(producer, prefix + i))
                .toList();
    }

    /** Receives until nothing that was confirmed is missing, and checks the account with at most so many duplicates. */
    private TestSubscriber receive(String queue, int duplicates) {
        TestSubscriber subscriber = TestSubscriber.handling(message -> {
            ledger.delivered(message.id());
            message.ack();
        });
        try (SqsConsumer consumer = SqsQueues.consumer(direct, queue).build()) {
            consumer.consume().subscribe(subscriber);
            eventually("all confirmed messages", () -> ledger.lost().isEmpty() && ledger.open() == 0);
        }
        ledger.verify(duplicates);
        return subscriber;
    }

    @Test // F04
    void connectionsReset_manyTimes_loseNothing() {
        String topic = SnsTopics.create(direct, false);
        String queue = SnsTopics.subscribe(direct, topic, true);
        try (SnsProducer producer = producer(topic).build()) {
            for (int reset = 0; reset < 10; reset++) {
                List<CompletableFuture<SendResult>> results = send(producer, reset + "-", 100);
                eventually("progress", () -> results.get(0).isDone());
                proxy.resetAll();
            }
            TestSubscriber.get(producer.flush());
        }
        assertThat(ledger.confirmed()).isEqualTo(1_000);
        receive(queue, 10 * 100);
    }

    @Test // F05
    void silentNetwork_isNoticed_andAllGoesOnWhenItIsBack() {
        String topic = SnsTopics.create(direct, false);
        String queue = SnsTopics.subscribe(direct, topic, true);
        try (SnsProducer producer = producer(topic).build()) {
            send(producer, "before", 10).forEach(TestSubscriber::get);
            proxy.drop(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            List<CompletableFuture<SendResult>> during = send(producer, "during", 10);
            Awaitility.await("a health that says so")
                    .atMost(SqsFaultsIT.SILENCE_NOTICED)
                    .until(() -> TestSubscriber.get(producer.healthCheck()).status() == Health.Status.DOWN);
            proxy.heal();
            during.forEach(TestSubscriber::get);
        }
        receive(queue, 10);
    }

    @Test // F10
    void answersLost_messagesAreSentAgain_andOnAFifoTopicArriveOnce() {
        String topic = SnsTopics.create(direct, true);
        String queue = SnsTopics.subscribe(direct, topic, true);
        try (SnsProducer producer = producer(topic).build()) {
            TestSubscriber.get(producer.connect());
            long asked = proxy.bytes(Direction.TO_SERVER);
            proxy.drop(Direction.TO_CLIENT);
            List<CompletableFuture<SendResult>> results = send(producer, "m", 20);
            eventually("a request that was read", () -> proxy.bytes(Direction.TO_SERVER) > asked);
            eventually("a second try", () -> proxy.accepted() > 2);
            proxy.heal();
            results.forEach(TestSubscriber::get);
        }
        assertThat(receive(queue, 0).messages().stream().map(Message::id))
                .containsExactlyElementsOf(
                        IntStream.range(0, 20).mapToObj(i -> "m" + i).toList());
    }

    @Test // F40
    void producersClosedAtRandomMoments_loseNothing_andLeaveNothing() throws Exception {
        String topic = SnsTopics.create(direct, false);
        String queue = SnsTopics.subscribe(direct, topic, true);
        int lives = 200;
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Duration>> all = IntStream.range(0, lives)
                    .<Callable<Duration>>mapToObj(life -> () -> liveAndClose(life, topic))
                    .toList();
            for (Future<Duration> closing : threads.invokeAll(all)) {
                assertThat(closing.get()).isLessThan(Duration.ofSeconds(5 + 5));
            }
        } finally {
            threads.shutdownNow();
        }
        receive(queue, 0);
        eventually("no connection", () -> proxy.open() == 0);
        eventually(
                "no threads",
                () -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().contains(topic)));
    }

    /** Returns how long the close took. */
    private Duration liveAndClose(int life, String topic) {
        SnsProducer producer =
                producer(topic).closeTimeout(Duration.ofSeconds(5)).build();
        send(producer, life + "-", new Random(life).nextInt(30));
        long before = System.nanoTime();
        producer.close();
        return Duration.ofNanos(System.nanoTime() - before);
    }
}
