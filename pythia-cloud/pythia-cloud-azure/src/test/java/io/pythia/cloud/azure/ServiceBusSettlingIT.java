package io.pythia.cloud.azure;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.messaging.servicebus.ServiceBusClientBuilder;
import com.azure.messaging.servicebus.ServiceBusMessage;
import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import com.azure.messaging.servicebus.ServiceBusSenderClient;
import io.pythia.Message;
import io.pythia.Settled;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The outcomes of Service Bus that others do not have, and its dead letters. */
class ServiceBusSettlingIT {
    private final ServiceBusTestServer server = TestServers.serviceBus();

    private String queue(QueueOptions options) {
        String name = "q-" + UUID.randomUUID();
        server.createQueue(name, options);
        return name;
    }

    private String queue() {
        return queue(QueueOptions.defaults());
    }

    private ServiceBusConsumer.Builder consumer(String queue) {
        return ServiceBusConsumer.builder()
                .queueName(queue)
                .config(AzureConfig.of(server.connectionString()))
                .closeTimeout(Duration.ofSeconds(2));
    }

    private void send(String queue, String... bodies) {
        send(server, queue, false, bodies);
    }

    private static void send(ServiceBusTestServer server, String queue, boolean sessions, String... bodies) {
        try (ServiceBusProducer producer = ServiceBusProducer.builder()
                .queueName(queue)
                .sessions(sessions)
                .config(AzureConfig.of(server.connectionString()))
                .build()) {
            for (String body : bodies) {
                TestSubscriber.get(producer.send(Message.builder()
                        .body(body)
                        .key("k")
                        .header("h", "1")
                        .header("h", "2")
                        .build()));
            }
        }
    }

    private static Map<String, Object> properties(Message message) {
        return message.unwrap(ServiceBusReceivedMessage.class).orElseThrow().getApplicationProperties();
    }

    // Abandon.

    @Test
    void abandon_bringsTheMessageBack_withTheProperties() {
        String queue = queue();
        send(queue, "x");
        Map<String, Object> all = new HashMap<>(Map.of("text", "half done", "step", 3, "long", 1L << 40));
        all.putAll(Map.of("double", 0.5, "flag", true, "char", 'c', "uuid", UUID.randomUUID()));
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            Message first = subscriber.await(1).get(0);
            assertThat(TestSubscriber.get(consumer.abandon(first, all))).isEqualTo(Settled.DONE);
            Message second = subscriber.await(2).get(1);
            assertThat(second.attempt()).isEqualTo(2);
            assertThat(second.text()).isEqualTo("x");
            assertThat(second.key()).isEqualTo("k");
            assertThat(second.headers().all("h")).hasSize(2);
            assertThat(second.headers().get("step")).isEqualTo("3");
            assertThat(properties(second)).containsAllEntriesOf(all);
            assertThat(TestSubscriber.get(second.ack())).isEqualTo(Settled.DONE);
            assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
        }
    }

    @Test
    void abandonAgain_addsToTheProperties_andReplacesThoseOfTheSameName() {
        String queue = queue();
        send(queue, "x");
        Instant time = Instant.ofEpochMilli(1_700_000_000_123L);
        Map<String, Object> more = Map.of("step", 4, "time", time, "bytes", new byte[] {1, -1});
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(3);
            consumer.consume().subscribe(subscriber);
            Message first = subscriber.await(1).get(0);
            TestSubscriber.get(consumer.abandon(first, Map.of("text", "half done", "step", 3)));
            Message second = subscriber.await(2).get(1);
            assertThat(TestSubscriber.get(consumer.abandon(second, more))).isEqualTo(Settled.DONE);
            Message third = subscriber.await(3).get(2);
            assertThat(properties(third))
                    .containsEntry("text", "half done")
                    .containsEntry("step", 4)
                    .containsEntry("time", Date.from(time));
            assertThat(third.headers().bytes("bytes")).isEqualTo(new byte[] {1, -1});
            assertThat(TestSubscriber.get(third.ack())).isEqualTo(Settled.DONE);
            assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
        }
    }

    @Test
    void abandon_afterTheLockHasEnded_isStale_andChangesNothing() {
        String queue = queue(QueueOptions.defaults().withLock(Duration.ofSeconds(1)));
        send(queue, "x");
        try (ServiceBusConsumer consumer =
                consumer(queue).maxLease(Duration.ofMillis(1)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message late = subscriber.await(1).get(0);
            eventually("the end of its lock", () -> server.counts(queue).get(0) == 1);
            assertThat(TestSubscriber.get(consumer.abandon(late, Map.of("step", 1))))
                    .isEqualTo(Settled.STALE);
            subscriber.request(1);
            Message again = subscriber.await(2).get(1);
            assertThat(properties(again)).doesNotContainKey("step");
            TestSubscriber.get(again.ack());
        }
    }

    @Test
    void abandonAndDefer_ofWhatIsSettled_changeNothing() {
        String queue = queue();
        send(queue, "x");
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(message -> {
                if (message.attempt() == 1) {
                    message.nack();
                    consumer.abandon(message, Map.of("step", 1));
                } else {
                    message.ack();
                    consumer.defer(message);
                }
            });
            consumer.consume().subscribe(subscriber);
            Message second = subscriber.await(2).get(1);
            assertThat(properties(second)).doesNotContainKey("step");
            assertThat(TestSubscriber.get(second.ack())).isEqualTo(Settled.DONE);
            assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
        }
    }

    @Test
    void abandon_atTheLastAttempt_goesToTheDeadLetters_withTheProperties() {
        String queue = queue();
        send(queue, "x");
        try (ServiceBusConsumer consumer = consumer(queue).maxAttempts(1).build();
                ServiceBusConsumer letters =
                        consumer(queue).subQueue(SubQueue.DEAD_LETTER).build()) {
            consumer.consume()
                    .subscribe(TestSubscriber.handling(message -> consumer.abandon(message, Map.of("step", 1))));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            letters.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            assertThat(properties(letter))
                    .containsEntry("step", 1)
                    .containsEntry("pythia-dead-letter-attempts", "1")
                    .containsEntry("DeadLetterReason", "given up after 1 attempts");
        }
    }

    @Test
    void abandon_inASession_bringsTheProperties_andStaleWhenTheSessionIsLost() {
        String queue = queue(QueueOptions.defaults().withSessions().withLock(Duration.ofSeconds(6)));
        send(server, queue, true, "x");
        try (ServiceBusConsumer consumer =
                consumer(queue).sessions(1).maxLease(Duration.ofMillis(1)).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            TestSubscriber.get(consumer.abandon(subscriber.await(1).get(0), Map.of("step", 1)));
            Message second = subscriber.await(2).get(1);
            assertThat(properties(second)).containsEntry("step", 1);
            eventually("the end of the session", () -> server.counts(queue).get(0) == 1);
            assertThat(TestSubscriber.get(consumer.abandon(second, Map.of("step", 2))))
                    .isEqualTo(Settled.STALE);
        }
    }

    @Test
    void abandon_ofWhatCantBe_isRefused_andSettlesNothing() {
        String queue = queue();
        send(queue, "x");
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            assertThatThrownBy(() -> consumer.abandon(Message.of("x"), Map.of()))
                    .isInstanceOf(IllegalArgumentException.class);
            TestSubscriber subscriber = TestSubscriber.requesting(1);
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            assertThatThrownBy(() -> consumer.abandon(message, Map.of("list", List.of())))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(message.isSettled()).isFalse();
            assertThat(TestSubscriber.get(message.ack())).isEqualTo(Settled.DONE);
        }
    }

    // Defer, dead-letter.

    @Test
    void defer_keepsTheMessageInTheQueue_untilItIsFetchedByItsNumber() {
        String queue = queue();
        send(queue, "later", "now");
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2);
            consumer.consume().subscribe(subscriber);
            Message later = subscriber.await(2).get(0);
            assertThat(TestSubscriber.get(consumer.defer(later))).isEqualTo(Settled.DONE);
            TestSubscriber.get(subscriber.messages().get(1).ack());
            assertThat(server.counts(queue)).containsExactly(0, 0, 1, 0);

            subscriber.request(1);
            assertThat(TestSubscriber.get(consumer.fetchDeferred(null, ServiceBusConsumer.sequenceNumber(later))))
                    .isTrue();
            Message again = subscriber.await(3).get(2);
            assertThat(again.text()).isEqualTo("later");
            assertThat(TestSubscriber.get(again.ack())).isEqualTo(Settled.DONE);
            assertThat(server.counts(queue)).containsExactly(0, 0, 0, 0);
            assertThat(TestSubscriber.get(consumer.fetchDeferred(null, 4711))).isFalse();
        }
        assertThatThrownBy(() -> ServiceBusConsumer.sequenceNumber(Message.of("x")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void subQueue_deadLetters_haveReasonAndDescription() {
        String queue = queue();
        send(queue, "bad");
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> message.reject("not wanted")));
            eventually(
                    "the dead letter",
                    () -> server.counts(queue + "/$deadletterqueue").get(0) == 1);
        }
        try (ServiceBusConsumer letters =
                consumer(queue).subQueue(SubQueue.DEAD_LETTER).build()) {
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            letters.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            ServiceBusReceivedMessage raw =
                    letter.unwrap(ServiceBusReceivedMessage.class).orElseThrow();
            assertThat(raw.getDeadLetterReason()).isEqualTo("not wanted");
            assertThat(raw.getDeadLetterErrorDescription()).contains("after 1 attempt");
            assertThat(letter.source()).isEqualTo(queue + "/dead-letter");
        }
    }

    @Test
    void subQueue_transferDeadLetters_areReadFromTheirOwnAddress() {
        String queue = queue();
        String letters = queue + "/$Transfer/$DeadLetterQueue";
        server.createQueue(letters, QueueOptions.defaults()); // the service fills it itself
        send(queue, "not this");
        try (ServiceBusSenderClient raw = new ServiceBusClientBuilder()
                        .connectionString(server.connectionString())
                        .sender()
                        .queueName(letters)
                        .buildClient();
                ServiceBusConsumer consumer =
                        consumer(queue).subQueue(SubQueue.TRANSFER_DEAD_LETTER).build()) {
            raw.sendMessage(new ServiceBusMessage("this"));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Message letter = subscriber.await(1).get(0);
            assertThat(letter.text()).isEqualTo("this");
            assertThat(letter.source()).isEqualTo(queue + "/transfer-dead-letter");
        }
    }

    @Test
    void maxDeliveriesOfTheQueue_areCountedByTheBroker() {
        String queue = queue(QueueOptions.defaults().withMaxDeliveries(2));
        send(queue, "bad");
        try (ServiceBusConsumer consumer = consumer(queue).build()) {
            TestSubscriber subscriber = TestSubscriber.handling(Message::nack);
            consumer.consume().subscribe(subscriber);
            eventually(
                    "the dead letter",
                    () -> server.counts(queue + "/$deadletterqueue").get(0) == 1);
            assertThat(subscriber.messages().stream().map(Message::attempt)).containsExactly(1, 2);
        }
    }
}
