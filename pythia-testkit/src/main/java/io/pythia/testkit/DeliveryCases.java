package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageException;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities.Ordering;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Messages arrive: all, as they were sent, where they should, in order. */
interface DeliveryCases extends ConformanceCases {
    List<String> WEIRD = List.of(
            "",
            " ",
            "\t",
            "\n",
            "\r\n",
            "\u0000",
            "\u0001\u001f",
            "ü",
            "日本語",
            "🚀👩‍👩‍👧",
            "\uFEFFbom",
            "a=b&c=d",
            "%20%",
            "\"quoted\"",
            "<xml/>",
            "'; drop table x; --",
            "\\",
            "a".repeat(1000));

    @Test
    @DisplayName("C01 publishSubscribe")
    default void publishSubscribe_messages_arriveAsTheyWereSent() {
        String destination = harness().newDestination();
        Map<String, Message> sent = new HashMap<>();
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            for (int i = 0; i < 100; i++) {
                Message.Builder message = Message.builder().id("id-" + i).body("body " + i);
                if (can().keys()) {
                    message.key("key-" + i);
                }
                if (can().headers()) {
                    message.header("number", Integer.toString(i))
                            .header("multi", "1")
                            .header("multi", "2");
                }
                Message built = message.build();
                sent.put(built.text(), built);
                get(producer.send(built));
            }
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(100)).hasSize(100).allSatisfy(received -> {
                assertThat(sent).containsKey(received.text());
                Message original = Objects.requireNonNull(sent.get(received.text()));
                assertThat(received.key()).isEqualTo(original.key());
                if (can().headers()) {
                    assertThat(received.headers()).isEqualTo(original.headers());
                    assertThat(received.id()).isEqualTo(original.id());
                }
                assertThat(received.attempt()).isEqualTo(1);
                assertThat(received.source()).contains(destination);
            });
        }
    }

    @Test
    @DisplayName("C02 concurrentSubscribers")
    default void consumersOfOneGroup_shareTheMessages() {
        requires(can().competing(), "competing consumers");
        String destination = harness().newDestination();
        Set<String> received = ConcurrentHashMap.newKeySet();
        List<MessageBroker> consumers = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                MessageBroker consumer = consumer(destination, GROUP);
                consumers.add(consumer);
                get(consumer.connect());
                consumer.consume().subscribe(TestSubscriber.handling(message -> {
                    received.add(message.text());
                    message.ack();
                }));
            }
            send(destination, 5_000);
            eventually("all messages").until(() -> received.size() == 5_000);
        } finally {
            consumers.forEach(MessageBroker::close);
        }
    }

    @Test
    @DisplayName("C03 concurrentTopics")
    default void destinationsAtOnce_doNotMix() {
        Map<String, TestSubscriber> subscribers = new HashMap<>();
        List<MessageBroker> consumers = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                String destination = harness().newDestination();
                MessageBroker consumer = consumer(destination, GROUP);
                consumers.add(consumer);
                TestSubscriber subscriber = TestSubscriber.acknowledging();
                consumer.consume().subscribe(subscriber);
                subscribers.put(destination, subscriber);
            }
            subscribers.keySet().forEach(destination -> send(destination, 100));
            subscribers.forEach((destination, subscriber) -> {
                subscriber.await(100);
                assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(bodies(100));
            });
        } finally {
            consumers.forEach(MessageBroker::close);
        }
    }

    @Test
    @DisplayName("C04 inOrder")
    default void messagesOfOneKey_arriveInOrder() {
        requires(can().ordering() != Ordering.NONE, "order");
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1_000);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Map<String, Integer> last = new HashMap<>();
            for (Message message : subscriber.await(1_000)) {
                int number = Integer.parseInt(message.text());
                assertThat(number).isGreaterThan(last.getOrDefault(String.valueOf(message.key()), -1));
                last.put(String.valueOf(message.key()), number);
            }
        }
    }

    @Test
    @DisplayName("C07 continueAfterSubscriberClose")
    default void successiveConsumers_getAllMessagesBetweenThem() {
        requires(can().persistent(), "persistent messages");
        String destination = harness().newDestination();
        send(destination, 1_000);
        Set<String> received = ConcurrentHashMap.newKeySet();
        for (int round = 1; round <= 4; round++) {
            int enough = round * 200;
            try (MessageBroker consumer = consumer(destination, GROUP)) {
                TestSubscriber subscriber = TestSubscriber.handling(message -> {
                    if (received.size() < enough) {
                        received.add(message.text());
                        message.ack();
                    }
                });
                consumer.consume().subscribe(subscriber);
                eventually(enough + " messages").until(() -> received.size() >= enough);
            }
        }
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                received.add(message.text());
                message.ack();
            }));
            eventually("all messages").until(() -> received.size() == 1_000);
        }
    }

    @Test
    @DisplayName("C14 twoGroups")
    default void everyGroup_getsEveryMessage() {
        requires(can().groups(), "groups");
        String destination = harness().newDestination();
        try (MessageBroker first = consumer(destination, "group-a");
                MessageBroker second = consumer(destination, "group-b")) {
            send(destination, 50);
            checkReceivesAll(first);
            checkReceivesAll(second);
        }
    }

    private void checkReceivesAll(MessageBroker consumer) {
        TestSubscriber subscriber = TestSubscriber.acknowledging();
        consumer.consume().subscribe(subscriber);
        subscriber.await(50);
        assertThat(subscriber.texts()).containsExactlyInAnyOrderElementsOf(bodies(50));
    }

    @Test
    @DisplayName("C15 newGroupReadsOld")
    default void newGroup_readsWhatOthersHaveConsumed() {
        requires(can().replay(), "replay");
        String destination = harness().newDestination();
        send(destination, 50);
        for (String group : List.of("group-a", "group-b")) {
            try (MessageBroker consumer = consumer(destination, group)) {
                checkReceivesAll(consumer);
            }
        }
    }

    @Test
    @DisplayName("C24 weirdMetadata")
    default void weirdHeadersAndKeys_arriveOrAreRefused() {
        requires(can().headers(), "headers");
        String destination = harness().newDestination();
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            List<Message> sent = new ArrayList<>();
            for (String weird : WEIRD) {
                Message message = Message.builder()
                        .header("h" + weird, weird)
                        .key(weird)
                        .body("x")
                        .build();
                try {
                    get(producer.send(message));
                    sent.add(message);
                } catch (MessageException refused) {
                    // What the broker's protocol can't carry is refused, not changed: a very long name.
                    assertThat(weird).hasSizeGreaterThan(100);
                    assertThat(refused.isRetryable()).isFalse();
                }
            }
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(sent.size()).stream().map(Message::headers))
                    .containsExactlyInAnyOrderElementsOf(
                            sent.stream().map(Message::headers).toList());
            assertThat(subscriber.messages().stream().map(Message::key))
                    .containsExactlyInAnyOrderElementsOf(
                            sent.stream().map(Message::key).toList());
        }
    }

    @Test
    @DisplayName("C25 binaryBody")
    default void anyBytes_arriveUnchanged() {
        String destination = harness().newDestination();
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        try (MessageProducer producer = producer(destination);
                MessageBroker consumer = consumer(destination, GROUP)) {
            get(producer.send(Message.of(all)));
            get(producer.send(Message.of(new byte[0])));
            get(producer.send(Message.of("{\"Foo\": \"Bar\"}")));
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            assertThat(subscriber.await(3).stream().map(Message::body))
                    .anySatisfy(body -> assertThat(body).isEqualTo(all))
                    .anySatisfy(body -> assertThat(body).isEmpty())
                    .anySatisfy(body -> assertThat(body).asString().isEqualTo("{\"Foo\": \"Bar\"}"));
        }
    }

    @Test
    @DisplayName("C26 unwrap")
    default void unwrap_givesTheNativeObjectOnly() {
        String destination = harness().newDestination();
        try (MessageBroker consumer = consumer(destination, GROUP)) {
            send(destination, 1);
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            consumer.consume().subscribe(subscriber);
            Message message = subscriber.await(1).get(0);
            Class<?> nativeType = harness().nativeType();
            if (nativeType != null) {
                assertThat(message.unwrap(nativeType)).isPresent();
            }
            assertThat(message.unwrap(Thread.class)).isEmpty();
        }
    }
}
