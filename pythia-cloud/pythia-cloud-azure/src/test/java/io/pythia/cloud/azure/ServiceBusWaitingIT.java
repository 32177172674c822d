package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What was fetched and waits for the application keeps its lock, and of sessions nothing is fetched before somebody asks for it. */
class ServiceBusWaitingIT {
    /** Renewed each third: of the other two a busy machine may take most. */
    private static final Duration LOCK = Duration.ofSeconds(4);

    private static final int SESSIONS = 3;

    private final ServiceBusTestServer server = TestServers.serviceBus();
    private final String queue = "q-" + UUID.randomUUID();

    ServiceBusWaitingIT() {
        server.createQueue(
                queue, QueueOptions.defaults().withSessions().withLock(LOCK).withMaxDeliveries(3));
    }

    private ServiceBusConsumer.Builder consumer() {
        return ServiceBusConsumer.builder()
                .queueName(queue)
                .sessions(SESSIONS)
                .config(AzureConfig.of(server.connectionString()))
                .closeTimeout(Duration.ofSeconds(2));
    }

    private void send(int messages) {
        send(queue, messages);
    }

    private void send(String queue, int messages) {
        try (ServiceBusProducer producer = ServiceBusProducer.builder()
                .queueName(queue)
                .sessions(true)
                .config(AzureConfig.of(server.connectionString()))
                .build()) {
            for (int i = 0; i < messages; i++) {
                TestSubscriber.get(producer.send(
                        Message.builder().key("s" + i % SESSIONS).body("" + i).build()));
            }
        }
    }

    private static void awaitLocks(int count) {
        await(LOCK.multipliedBy(count));
    }

    private static void await(Duration time) {
        long before = System.nanoTime();
        eventually(time + " later", () -> System.nanoTime() - before > time.toNanos());
    }

    private int dead() {
        return server.counts(queue + "/$deadletterqueue").get(0);
    }

    @Test
    void connectedWithoutASubscriber_takesNoSession() {
        send(6);
        try (ServiceBusConsumer consumer = consumer().build()) {
            TestSubscriber.get(consumer.connect());
            awaitLocks(2);
            assertThat(server.counts(queue)).isEqualTo(List.of(6, 0, 0, 0));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(6)).allMatch(message -> message.attempt() == 1);
        }
        assertThat(dead()).isZero();
    }

    @Test
    void subscriberThatRequestsOneAtATime_losesNoLock() {
        send(6);
        try (ServiceBusConsumer consumer = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            for (int i = 0; i < 5; i++) {
                Message message = subscriber.await(i + 1).get(i);
                if (i < 2) {
                    awaitLocks(2);
                }
                TestSubscriber.get(message.ack());
                subscriber.request(1);
            }
            TestSubscriber.get(subscriber.await(6).get(5).ack());
            assertThat(subscriber.messages()).hasSize(6).allMatch(message -> message.attempt() == 1);
        }
        assertThat(dead()).isZero();
    }

    @Test
    void sessionOfASlowSubscriber_isKeptWhileItHasMessages() {
        send(3 * SESSIONS);
        Duration maxWait = Duration.ofSeconds(1);
        try (ServiceBusConsumer consumer =
                consumer().sessions(1).maxWaitTime(maxWait).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            for (int i = 0; i < 3; i++) {
                Message message = subscriber.await(i + 1).get(i);
                await(maxWait.multipliedBy(3)); // twice that is longer than the lock, too
                TestSubscriber.get(message.ack());
                subscriber.request(1);
            }
            assertThat(subscriber.messages().subList(0, 3)).allMatch(message -> "s0".equals(message.key()));
        }
    }

    @Test
    void sessionThatIsIdleWithoutDemand_isGivenBack_longBeforeItsLockIsRenewed() {
        String other = "q-" + UUID.randomUUID();
        Duration lock = Duration.ofHours(1);
        server.createQueue(other, QueueOptions.defaults().withSessions().withLock(lock));
        send(other, 3);
        try (ServiceBusConsumer first = consumer()
                        .queueName(other)
                        .lockDuration(lock)
                        .maxWaitTime(Duration.ofMillis(100))
                        .build();
                ServiceBusConsumer second = consumer().queueName(other).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(3);
            first.consume().subscribe(subscriber);
            subscriber.await(3).forEach(message -> TestSubscriber.get(message.ack()));
            eventually("no session that is held", () -> "0".equals(fact(first, "sessions")));
            send(other, 6);
            TestSubscriber next = TestSubscriber.acknowledging();
            second.consume().subscribe(next);
            assertThat(next.await(6)).allMatch(message -> message.attempt() == 1);
        }
    }

    @Test
    void messageThatNamesASession_onAQueueWithoutSessions_keepsItsOwnLock() {
        String plain = plainQueue();
        send(plain, 1);
        try (ServiceBusConsumer consumer = plainConsumer(plain).build()) {
            Message message = LeaseRuns.holdOn(consumer, LOCK);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
    }

    // Without sessions.

    private String plainQueue() {
        String plain = "q-" + UUID.randomUUID();
        server.createQueue(plain, QueueOptions.defaults().withLock(LOCK));
        return plain;
    }

    private ServiceBusConsumer.Builder plainConsumer(String plain) {
        return ServiceBusConsumer.builder()
                .queueName(plain)
                .config(AzureConfig.of(server.connectionString()))
                .closeTimeout(Duration.ofSeconds(2));
    }

    private static String fact(ServiceBusConsumer consumer, String name) {
        return TestSubscriber.get(consumer.healthCheck()).facts().getOrDefault(name, "");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void prefetchCount_bringsMoreThanIsRequested_whoseLocksAreRenewed() {
        String plain = plainQueue();
        send(plain, 5);
        try (ServiceBusConsumer consumer = plainConsumer(plain).prefetchCount(5).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            eventually(
                    "the others, locked and not given out",
                    () -> server.counts(plain).get(1) == 5);
            assertThat(fact(consumer, "prefetched")).isEqualTo("4");
            awaitLocks(2);
            subscriber.request(10);
            assertThat(subscriber.await(5)).allMatch(message -> message.attempt() == 1);
            subscriber
                    .messages()
                    .forEach(message ->
                            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE));
        }
        assertThat(server.counts(plain).subList(0, 2)).containsExactly(0, 0);
    }

    @Test
    void lockThatHasLastedForAThird_isRenewedWhenItsMessageIsGivenOut() {
        Duration third = Duration.ofSeconds(6);
        String plain = "q-" + UUID.randomUUID();
        server.createQueue(plain, QueueOptions.defaults().withLock(third.multipliedBy(3)));
        send(plain, 3);
        try (ServiceBusConsumer consumer = plainConsumer(plain)
                .prefetchCount(3)
                .maxLease(Duration.ofMillis(1)) // nothing else renews it
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            eventually("the others, here", () -> "2".equals(fact(consumer, "prefetched")));
            await(third);
            subscriber.request(2);
            List<Message> others = List.copyOf(subscriber.await(3).subList(1, 3));
            await(third.multipliedBy(2).plusSeconds(1)); // now the locks with which they came have ended
            for (Message message : others) {
                assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
            }
        }
    }

    @Test
    void whatWaitsForLongerThanMaxLease_isDroppedUnseen() {
        String plain = plainQueue();
        send(plain, 5);
        try (ServiceBusConsumer consumer = plainConsumer(plain)
                .prefetchCount(5)
                .maxLease(Duration.ofMillis(1))
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
            eventually("the end of their locks", () -> server.counts(plain).get(0) == 5);
            subscriber.request(10);
            subscriber.await(6);
            assertThat(Integer.parseInt(fact(consumer, "expired-unseen"))).isPositive();
            assertThat(TestSubscriber.get(subscriber.messages().get(0).ack())).isEqualTo(Settled.STALE);
        }
    }

    @Test
    void whatASlowSubscriberHasRequested_keepsItsLock() {
        String plain = plainQueue();
        send(plain, 1);
        CountDownLatch release = new CountDownLatch(1);
        try (ServiceBusConsumer consumer = plainConsumer(plain).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                awaitQuietly(release);
                message.ack();
            });
            consumer.consume().subscribe(subscriber); // which requests without a limit
            eventually("the first", () -> server.counts(plain).get(1) == 1);
            send(plain, 4);
            eventually("all locked here", () -> server.counts(plain).get(1) == 5);
            awaitLocks(2);
            release.countDown();
            assertThat(subscriber.await(5)).allMatch(message -> message.attempt() == 1);
            assertThat(fact(consumer, "expired-unseen")).isEqualTo("0");
        }
        assertThat(server.counts(plain).subList(0, 2)).containsExactly(0, 0);
    }
}
