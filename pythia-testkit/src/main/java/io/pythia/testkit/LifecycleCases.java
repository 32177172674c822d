package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Health;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.Settled;
import io.pythia.spi.ConsumerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Connecting, demand, windows, closing, outages and health. */
interface LifecycleCases extends ConformanceCases {

    @Test
    @DisplayName("C06 windowNotExceeded")
    default void window_isNeverExceeded() {
        for (int window : new int[] {1, 10}) {
            String destination = harness().newDestination();
            try (MessageBroker consumer =
                    consumer(destination, GROUP, consumerOptions().withMaxInFlight(window))) {
                send(destination, 100);
                AtomicInteger unsettled = new AtomicInteger();
                AtomicInteger most = new AtomicInteger();
                TestSubscriber subscriber = TestSubscriber.handling(
                        message -> most.accumulateAndGet(unsettled.incrementAndGet(), Math::max));
                consumer.consume().subscribe(subscriber);
                for (int done = 0; done < 100; done++) {
                    Message next = subscriber.await(done + 1).get(done);
                    unsettled.decrementAndGet();
                    next.ack();
                }
                assertThat(most.get()).isLessThanOrEqualTo(window);
                assertThat(subscriber.count()).isEqualTo(100);
            }
        }
    }

    @Test
    @DisplayName("C08 concurrentOpenClose")
    default void consumersOpenedAndClosedAtOnce_doNoHarm() {
        String destination = harness().newDestination();
        List<MessageBroker> consumers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            MessageBroker consumer = consumer(destination, GROUP);
            consumers.add(consumer);
            consumer.consume().subscribe(TestSubscriber.acknowledging());
        }
        consumers.stream().map(MessageBroker::disconnect).toList().forEach(this::get);
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 50);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(50);
            assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(bodies(50));
        }
    }

    @Test
    @DisplayName("C13 cancel")
    default void cancel_endsTheSignals_andTheRestReachesTheNextConsumer() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            sendToBeKept(destination, 100);
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            consumer.consume().subscribe(subscriber);
            subscriber.await(10).subList(0, 5).forEach(Message::ack);
            subscriber.cancel();
            subscriber.request(50);
            eventually("a health that says so")
                    .until(() -> !get(consumer.healthCheck()).isUp());
            assertThat(subscriber.count()).isEqualTo(10);
            assertThat(subscriber.hasEnded()).isFalse();
        }
        requires(can().persistent(), "persistent messages");
        try (MessageBroker next = consumer(destination, GROUP)) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            next.consume().subscribe(subscriber);
            subscriber.await(95);
        }
    }

    @Test
    @DisplayName("C18 receiveFromMissingDestination")
    default void missingDestination_isSaid() {
        String missing = required(harness().missingDestination(), "destinations that are not made by being used");
        try (MessageBroker consumer = consumer(missing, GROUP)) {
            assertThatThrownBy(() -> get(consumer.connect()))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(missing);
        }
        try (MessageBroker consumer = consumer(missing, GROUP)) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd()).isInstanceOf(DestinationNotFoundException.class);
        }
    }

    @Test
    @DisplayName("C22 useAfterClose")
    default void afterClose_useIsRefused_andCloseAgainDoesNothing() {
        String destination = harness().newDestination();
        MessageBroker consumer = consumer(destination, GROUP);
        get(consumer.connect());
        consumer.close();
        consumer.close();
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        consumer.consume().subscribe(subscriber);
        assertThat(subscriber.awaitEnd()).isInstanceOf(IllegalStateException.class);
        assertThat(get(consumer.healthCheck()).status()).isEqualTo(Health.Status.DOWN);
        MessageProducer producer = producer(destination);
        get(producer.connect());
        producer.close();
        producer.close();
        assertThatThrownBy(() -> get(producer.send(Message.of("x")))).isInstanceOf(BrokerException.class);
    }

    @Test
    @DisplayName("C22b connectAgain")
    default void afterDisconnect_connectMakesANewConnection() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 2);
            for (int i = 0; i < 2; i++) {
                get(consumer.connect());
                if (i == 1 && !can().persistent()) {
                    send(destination, 1);
                }
                TestSubscriber subscriber = TestSubscriber.handling(message -> {
                    if (message.text().equals("0")) {
                        message.ack();
                    }
                });
                consumer.consume().subscribe(subscriber);
                subscriber.await(i == 0 ? 2 : 1);
                get(consumer.disconnect());
                assertThat(subscriber.awaitEnd()).isNull();
            }
        }
    }

    @Test
    @DisplayName("C32 demand")
    default void demand_isNeverExceeded() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1_000);
            TestSubscriber subscriber = TestSubscriber.requesting(0);
            consumer.consume().subscribe(subscriber);
            for (int requested = 1; requested <= 1_000; requested++) {
                assertThat(subscriber.count()).isEqualTo(requested - 1);
                subscriber.request(1);
                subscriber.await(requested).get(requested - 1).ack();
            }
        }
    }

    @Test
    @DisplayName("C33 connectVerifies")
    default void connect_toAnAddressWithoutABroker_failsTyped() {
        ConsumerOptions options = consumerOptions().withConnectTimeout(Duration.ofSeconds(3));
        try (MessageBroker unreachable = required(harness().unreachableConsumer(options), "an address")) {
            assertThatThrownBy(() -> get(unreachable.connect()))
                    .isInstanceOf(BrokerException.class)
                    .matches(e -> ((BrokerException) e).isRetryable(), "retryable");
            assertThat(get(unreachable.healthCheck()).status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    @DisplayName("C40 secondSubscriber")
    default void secondSubscriber_isRefused() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            TestSubscriber second = TestSubscriber.acknowledging();
            consumer.consume().subscribe(second);
            assertThat(second.awaitEnd()).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    @DisplayName("C41 handlerFailure")
    default void subscriberThatThrows_endsLoudly_andTheMessageComesAgain() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1);
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                throw new AssertionError("the handler is broken");
            });
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.awaitEnd()).isInstanceOf(AssertionError.class);
            assertThat(get(consumer.healthCheck()).status()).isEqualTo(Health.Status.DOWN);
        }
        requires(can().persistent(), "persistent messages");
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            subscriber.await(1);
        }
    }

    @Test
    @DisplayName("C42 closeReturnsUnsettled")
    default void close_givesUnsettledMessagesBack() {
        requires(can().persistent(), "persistent messages");
        String destination = harness().newDestination();
        sendToBeKept(destination, 20);
        MessageBroker consumer = consumer(destination, GROUP);
        TestSubscriber first = TestSubscriber.requesting(20);
        consumer.consume().subscribe(first);
        first.await(20);
        long before = System.nanoTime();
        consumer.close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
        try (MessageBroker next = consumer(destination, GROUP)) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            next.consume().subscribe(subscriber);
            subscriber.await(20);
            assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(bodies(20));
        }
    }

    @Test
    @DisplayName("C46 health")
    default void health_followsTheBroker_andTheStreamComesBack() {
        requires(harness().canStopServer(), "a server that can be stopped");
        String destination = harness().newDestination();
        Outages outages = new Outages();
        Set<String> received = ConcurrentHashMap.newKeySet();
        try (MessageBroker consumer = harness().consumer(destination, GROUP, consumerOptions(), outages)) {
            get(consumer.connect());
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                received.add(message.text());
                message.ack();
            }));
            send(destination, 10);
            eventually("the first messages").until(() -> received.size() == 10);
            eventually("health UP").until(() -> get(consumer.healthCheck()).isUp());
            harness().stopServer();
            try {
                eventually("health DOWN")
                        .until(() -> get(consumer.healthCheck()).status() == Health.Status.DOWN);
                eventually("an event").until(() -> outages.lost() > 0);
            } finally {
                harness().startServer();
            }
            eventually("health UP").until(() -> get(consumer.healthCheck()).isUp());
            eventually("an event").until(() -> outages.restored() > 0);
            send(destination, 10, 10);
            eventually("the next messages").until(() -> received.containsAll(bodies(20)));
        }
    }

    @Test
    @DisplayName("C49 lifecycleLeak")
    default void manyLives_leaveNothingBehind() {
        String destination = harness().newDestination();
        for (int i = 0; i < 20; i++) {
            try (MessageBroker consumer = consumer(destination, GROUP);
                    MessageProducer producer = producer(destination)) {
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                get(producer.send(Message.of("x")).thenApply(result -> Settled.DONE));
                subscriber.await(1);
            }
        }
        eventually("no threads of the library")
                .untilAsserted(() -> assertThat(
                                Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
                        .noneMatch(name -> name.startsWith("pythia-") && name.contains(destination)));
    }
}
