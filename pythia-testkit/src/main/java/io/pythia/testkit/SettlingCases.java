package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Support;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Each outcome does what it says, once. */
interface SettlingCases extends ConformanceCases {

    @Test
    @DisplayName("C05 resendOnNack")
    default void nack_deliversAgain() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 100);
            if (can().nack() == Support.NONE) {
                AtomicReference<Throwable> thrown = new AtomicReference<>();
                consumer.consume().subscribe(TestSubscriber.handling(message -> {
                    try {
                        message.nack();
                    } catch (RuntimeException e) {
                        thrown.set(e);
                    }
                }));
                eventually("a typed refusal").until(() -> thrown.get() instanceof UnsupportedOperationException);
                return;
            }
            Set<String> nacked = ConcurrentHashMap.newKeySet();
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (nacked.size() < 2 && message.attempt() == 1 && nacked.add(message.text())) {
                    message.nack();
                } else {
                    message.ack();
                }
            });
            consumer.consume().subscribe(subscriber);
            eventually("all messages, two of them again").until(() -> {
                List<String> texts = subscriber.texts();
                return texts.containsAll(bodies(100))
                        && nacked.size() == 2
                        && secondAttempts(subscriber).size() >= 2;
            });
            assertThat(secondAttempts(subscriber)).containsExactlyInAnyOrderElementsOf(nacked);
            // A broker that keeps the order of a key has to deliver again what comes after the message.
            if (can().nack() != Support.BROKER || can().ordering() != Capabilities.Ordering.KEY) {
                assertThat(subscriber.texts()).hasSize(102);
            }
        }
    }

    private static List<String> secondAttempts(TestSubscriber subscriber) {
        return subscriber.messages().stream()
                .filter(message -> message.attempt() == 2)
                .map(Message::text)
                .toList();
    }

    @Test
    @DisplayName("C05b nackWithDelay")
    default void nackWithDelay_deliversAgainNotBefore() {
        requires(can().delayedNack() != Support.NONE, "delayed nack");
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1);
            List<Long> times = Collections.synchronizedList(new ArrayList<>());
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                times.add(System.nanoTime());
                if (message.attempt() == 1) {
                    message.nack(Duration.ofMillis(300));
                } else {
                    message.ack();
                }
            });
            consumer.consume().subscribe(subscriber);
            eventually("a second time").until(() -> times.size() == 2);
            assertThat(Duration.ofNanos(times.get(1) - times.get(0))).isGreaterThanOrEqualTo(Duration.ofMillis(299));
        }
    }

    @Test
    @DisplayName("C09 continueAfterErrors")
    default void consumersThatOnlyNack_loseNothing() {
        requires(can().nack() != Support.NONE && can().persistent(), "nack, persistent messages");
        String destination = harness().newDestination();
        send(destination, 50);
        for (int i = 0; i < 3; i++) {
            try (MessageBroker consumer = consumer(destination, GROUP)) {
                TestSubscriber subscriber = TestSubscriber.handling(Message::nack);
                consumer.consume().subscribe(subscriber);
                subscriber.await(100);
                subscriber.cancel();
            }
        }
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            Set<String> received = ConcurrentHashMap.newKeySet();
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                received.add(message.text());
                message.ack();
            }));
            eventually("all messages").until(() -> received.containsAll(bodies(50)));
        }
    }

    @Test
    @DisplayName("C12 messageLifetime")
    default void settledMessage_saysSo_andAfterCloseItIsStale() {
        String destination = harness().newDestination();
        Message settled;
        Message open;
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 2);
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            settled = subscriber.await(2).get(0);
            open = subscriber.messages().get(1);
            assertThat(settled.isSettled()).isFalse();
            assertThat(get(settled.ack())).isEqualTo(Settled.DONE);
            assertThat(settled.isSettled()).isTrue();
        }
        assertThat(open.isSettled()).isTrue();
        assertThat(get(open.ack())).isEqualTo(Settled.STALE);
        assertThat(get(settled.ack())).isEqualTo(Settled.DONE);
    }

    @Test
    @DisplayName("C21 doubleAck")
    default void settlingTwice_changesNothing() {
        requires(can().nack() != Support.NONE, "nack");
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 3);
            TestSubscriber subscriber = TestSubscriber.requesting(3);
            consumer.consume().subscribe(subscriber);
            List<Message> first = List.copyOf(subscriber.await(3));
            first.get(0).ack();
            first.get(0).ack();
            first.get(1).ack();
            first.get(1).ack();
            first.forEach(Message::nack);
            subscriber.request(10);
            Message again = subscriber.await(4).get(3);
            assertThat(again.text()).isEqualTo(first.get(2).text());
            assertThat(get(again.ack())).isEqualTo(Settled.DONE);
            send(destination, 3, 1);
            assertThat(subscriber.await(5).get(4).text()).isEqualTo("3");
        }
    }

    @Test
    @DisplayName("C26b reject")
    default void reject_putsToTheDeadLetters() {
        String destination = harness().newDestination();
        String nativeLetters = harness().nativeDeadLetters(destination);
        String letters = nativeLetters != null ? nativeLetters : harness().newDestination();
        try (MessageProducer toLetters = producer(letters);
                MessageBroker reading = consumer(letters, GROUP);
                MessageBroker consumer = nativeLetters != null
                        ? consumer(destination, GROUP)
                        : ready(harness().consumer(destination, GROUP, consumerOptions(), toLetters))) {
            send(destination, 10);
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                if (message.text().equals("7")) {
                    message.reject("seven is not wanted");
                } else {
                    message.ack();
                }
            }));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            reading.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            assertThat(letter.text()).isEqualTo("7");
            if (can().headers()) {
                assertThat(letter.headers().get("pythia-dead-letter-reason")).isEqualTo("seven is not wanted");
                assertThat(letter.headers().get("pythia-dead-letter-source")).contains(destination);
                assertThat(letter.headers().get("pythia-dead-letter-attempts")).isEqualTo("1");
            }
        }
    }

    @Test
    @DisplayName("C26c rejectWithoutDeadLetters")
    default void reject_withoutDeadLetters_stopsOrDropsByPolicy() {
        requires(can().deadLetter() != Support.BROKER, "dead letters by the engine");
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1);
            TestSubscriber subscriber = TestSubscriber.handling(message -> message.reject("no"));
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd())
                    .isInstanceOf(MessageException.class)
                    .hasMessageContaining("no");
        }
        AtomicReference<String> dropped = new AtomicReference<>();
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                dropped.set(message.text() + " " + reason);
            }
        };
        try (MessageBroker consumer =
                ready(harness().consumer(destination, GROUP, consumerOptions().with(RejectPolicy.DROP), listener))) {
            if (!can().persistent()) {
                send(destination, 1);
            }
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("no")));
            eventually("the event").until(() -> "0 no".equals(dropped.get()));
        }
    }

    @Test
    @DisplayName("C39 outOfOrderAck")
    default void acksInAnyOrder_fromManyThreads_areKept() throws InterruptedException {
        String destination = harness().newDestination();
        // Where each has a key of its own, servers for tests are slow with very many.
        int count = harness().givesOneOfAKeyAtATime() ? 100 : 1_000;
        ExecutorService threads = Executors.newFixedThreadPool(8);
        Message unsettled;
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            sendToBeKept(destination, count);
            TestSubscriber subscriber = TestSubscriber.requesting(count);
            consumer.consume().subscribe(subscriber);
            List<Message> shuffled = new ArrayList<>(subscriber.await(count));
            Collections.shuffle(shuffled, new Random(39));
            unsettled = shuffled.remove(0);
            List<java.util.concurrent.Future<Settled>> acks = new ArrayList<>();
            shuffled.forEach(message -> acks.add(threads.submit(() -> get(message.ack()))));
            for (var ack : acks) {
                assertThat(ack.get()).isEqualTo(Settled.DONE);
            }
        } catch (java.util.concurrent.ExecutionException e) {
            throw new AssertionError(e.getCause());
        } finally {
            threads.shutdownNow();
        }
        requires(can().persistent(), "persistent messages");
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            eventually("the unsettled message").until(() -> subscriber.texts().contains(unsettled.text()));
            // Below the gap nothing comes again.
            assertThat(subscriber.messages().stream()
                            .filter(m -> !can().keys() || Objects.equals(m.key(), unsettled.key()))
                            .mapToInt(m -> Integer.parseInt(m.text()))
                            .min())
                    .hasValue(Integer.parseInt(unsettled.text()));
        }
    }

    @Test
    @DisplayName("C45 extendWithoutLeases")
    default void extend_worksOrIsRefused() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1);
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            if (can().leases()) {
                assertThat(get(message.extend(Duration.ofSeconds(30)))).isEqualTo(Settled.DONE);
            } else {
                assertThatThrownBy(() -> message.extend(Duration.ofSeconds(30)))
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining(consumer.name());
            }
            assertThat(get(message.ack())).isEqualTo(Settled.DONE);
        }
    }
}
