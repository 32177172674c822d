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
import org.junit.jupiter.api.Test;

/** Sessions whose messages nobody wants yet: no message is delivered before somebody has asked for it, and none loses its lock. */
class ServiceBusSessionsIT {
    private static final Duration LOCK = Duration.ofSeconds(1);
    private static final int SESSIONS = 3;

    private final ServiceBusTestServer server = TestServers.serviceBus();
    private final String queue = "q-" + UUID.randomUUID();

    ServiceBusSessionsIT() {
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
        long before = System.nanoTime();
        eventually(count + " lock times", () -> System.nanoTime() - before > count * LOCK.toNanos());
    }

    private int dead() {
        return server.counts(queue + "/$deadletterqueue").get(0);
    }

    @Test
    void connectedWithoutASubscriber_takesNoSession() {
        send(6);
        try (ServiceBusConsumer consumer = consumer().build()) {
            TestSubscriber.get(consumer.connect());
            awaitLocks(5);
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
                awaitLocks(2);
                TestSubscriber.get(message.ack());
                subscriber.request(1);
            }
            TestSubscriber.get(subscriber.await(6).get(5).ack());
            assertThat(subscriber.messages()).hasSize(6).allMatch(message -> message.attempt() == 1);
        }
        assertThat(dead()).isZero();
    }

    @Test
    void sessionThatIsIdleWithoutDemand_isGivenBack() {
        send(3);
        try (ServiceBusConsumer first =
                        consumer().maxWaitTime(Duration.ofMillis(100)).build();
                ServiceBusConsumer second = consumer().build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(3);
            first.consume().subscribe(subscriber);
            subscriber.await(3).forEach(message -> TestSubscriber.get(message.ack()));
            eventually(
                    "no session that is held",
                    () -> "0"
                            .equals(TestSubscriber.get(first.healthCheck())
                                    .facts()
                                    .get("sessions")));
            send(6);
            TestSubscriber other = TestSubscriber.acknowledging();
            second.consume().subscribe(other);
            assertThat(other.await(6)).allMatch(message -> message.attempt() == 1);
        }
    }

    @Test
    void messageThatNamesASession_onAQueueWithoutSessions_keepsItsOwnLock() {
        String plain = "q-" + UUID.randomUUID();
        server.createQueue(plain, QueueOptions.defaults().withLock(LOCK));
        send(plain, 1);
        try (ServiceBusConsumer consumer = ServiceBusConsumer.builder()
                .queueName(plain)
                .config(AzureConfig.of(server.connectionString()))
                .build()) {
            Message message = LeaseRuns.holdOn(consumer, LOCK);
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
    }
}
