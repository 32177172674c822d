package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.Traffic;
import java.time.Duration;
import java.util.List;

/** What happens to leases, which is the same in both connectors. */
final class LeaseRuns {
    private LeaseRuns() {}

    /** F44: a subscriber that requests one of five messages and then nothing for long keeps it, and goes on later. */
    static void requestOne(MessageBroker consumer, Duration lease) {
        TestSubscriber subscriber = TestSubscriber.requesting(1);
        consumer.consume().subscribe(subscriber);
        subscriber.await(1);
        long before = System.nanoTime();
        eventually("twice the lease", () -> System.nanoTime() - before > 2 * lease.toNanos());
        assertThat(subscriber.count()).isEqualTo(1);
        assertThat(TestSubscriber.get(subscriber.messages().get(0).ack())).isEqualTo(Settled.DONE);
        subscriber.request(10);
        subscriber.await(5);
        assertThat(subscriber.messages()).allMatch(message -> message.attempt() == 1);
        subscriber.messages().forEach(Message::ack); // else the close waits for them
    }

    /** F17: a handler that takes twice the lease keeps its message, which comes once; returns the message, unsettled. */
    static Message holdOn(MessageBroker consumer, Duration lease) {
        TestSubscriber subscriber = TestSubscriber.requesting(10);
        consumer.consume().subscribe(subscriber);
        Message message = subscriber.await(1).get(0);
        long before = System.nanoTime();
        eventually("twice the lease", () -> System.nanoTime() - before > 2 * lease.toNanos());
        assertThat(subscriber.count()).isEqualTo(1);
        return message;
    }

    /** F17, F42: the lease of one message is not renewed; the late outcome is stale and leaves the next delivery alone. */
    static void loseLease(MessageBroker consumer, Runnable checkThatItIsThere) {
        TestSubscriber subscriber = TestSubscriber.requesting(10);
        consumer.consume().subscribe(subscriber);
        List<Message> messages = subscriber.await(2); // the lease ended, it came again
        assertThat(messages.get(1).attempt()).isEqualTo(2);
        assertThat(TestSubscriber.get(messages.get(0).ack())).isEqualTo(Settled.STALE);
        checkThatItIsThere.run();
        assertThat(TestSubscriber.get(messages.get(1).ack())).isEqualTo(Settled.DONE);
    }

    static void send(MessageProducer producer, int count) {
        try (producer) {
            for (int i = 0; i < count; i++) {
                producer.send(Traffic.message("m" + i));
            }
            TestSubscriber.get(producer.flush());
        }
    }
}
