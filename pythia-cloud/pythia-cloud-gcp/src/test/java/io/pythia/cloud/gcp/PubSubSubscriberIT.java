package io.pythia.cloud.gcp;

import static io.pythia.testkit.Eventually.eventually;
import static io.pythia.testkit.TestSubscriber.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.pubsub.v1.DeadLetterPolicy;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.StreamingPullRequest;
import io.grpc.Status;
import io.pythia.BrokerException;
import io.pythia.BrokerListener;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.RejectPolicy;
import io.pythia.Settled;
import io.pythia.spi.Settler;
import io.pythia.testkit.Outages;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What a subscriber does with options, leases and errors, against a server in this process that a script stands before. */
class PubSubSubscriberIT extends ScriptedServerFixture {
    private static final Duration SHORTEST = Duration.ofSeconds(10);

    private PubSubSubscriber.Builder subscriber(String name) {
        return PubSubSubscriber.builder().subscriptionName(name).config(config).closeTimeout(Duration.ofSeconds(1));
    }

    private void publish(String topic, int count) {
        for (int i = 0; i < count; i++) {
            resources.publish(
                    topic,
                    PubsubMessage.newBuilder()
                            .setData(ByteString.copyFromUtf8(Integer.toString(i)))
                            .build());
        }
    }

    private int outstanding(String name) {
        return server.outstanding(PubSubResources.subscription(name));
    }

    /** F17, F42: the three fates of a message that takes longer than its lease, at the same time, since each takes so long. */
    @Test
    void handlerSlowerThanTheLease_keepsTheMessage_orLearnsThatItIsGone() {
        String kept = resources.create();
        String gone = resources.create(subscription -> subscription.setEnableExactlyOnceDelivery(true));
        publish(kept, 1);
        publish(gone, 1);
        try (PubSubSubscriber keeping = subscriber(kept).ackDeadline(SHORTEST).build();
                PubSubSubscriber losing = subscriber(gone)
                        .ackDeadline(SHORTEST)
                        .maxLease(Duration.ZERO)
                        .build()) {
            TestSubscriber keeper = TestSubscriber.requesting(10);
            keeping.consume().subscribe(keeper);
            TestSubscriber loser = TestSubscriber.requesting(1);
            losing.consume().subscribe(loser);
            Message lost = loser.await(1).get(0);
            Message held = keeper.await(1).get(0);
            eventually(
                    "the end of the lease",
                    () -> server.pending(PubSubResources.subscription(gone)) == 1
                            || outstanding(gone) > 1
                            || lost.isSettled());
            assertThat(get(lost.ack())).isEqualTo(Settled.STALE);
            loser.request(1);
            Message again = loser.await(2).get(1);
            assertThat(again.text()).isEqualTo(lost.text());
            assertThat(get(again.ack())).isEqualTo(Settled.DONE);
            eventually("three leases", () -> ageOf(held, keeper) > 2.5 * SHORTEST.toNanos());
            assertThat(get(held.ack())).isEqualTo(Settled.DONE);
            assertThat(keeper.count()).isEqualTo(1);
            eventually("nothing left", () -> outstanding(kept) == 0 && outstanding(gone) == 0);
        }
    }

    private final long startedAt = System.nanoTime();

    private long ageOf(Message held, TestSubscriber keeper) {
        assertThat(held.isSettled()).isFalse();
        assertThat(keeper.count()).isEqualTo(1);
        return System.nanoTime() - startedAt;
    }

    /** The service's word counts where it delivers exactly once, also against this process's clock. */
    @Test
    void exactlyOnce_ackThatTheServiceRefuses_isStale() {
        String name = resources.create(subscription -> subscription.setEnableExactlyOnceDelivery(true));
        publish(name, 2);
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            TestSubscriber messages = TestSubscriber.requesting(2);
            consumer.consume().subscribe(messages);
            Message first = messages.await(2).get(0);
            Message second = messages.messages().get(1);
            server.giveBack(PubSubResources.subscription(name), first.id());
            List<Settled> both = new ArrayList<>();
            var one = first.ack();
            var other = second.ack();
            both.add(get(one));
            both.add(get(other));
            assertThat(both).containsExactly(Settled.STALE, Settled.DONE);
            messages.request(1);
            assertThat(messages.await(3).get(2).text()).isEqualTo(first.text());
        }
    }

    /** The engine hands over nothing more of a message whose lease it knows to be gone: here nothing must keep it either. */
    @Test
    void exactlyOnce_extensionThatTheServiceRefuses_isStale_andNothingIsKept() {
        String name = resources.create(subscription -> subscription.setEnableExactlyOnceDelivery(true));
        publish(name, 2);
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            TestSubscriber messages = TestSubscriber.requesting(3);
            consumer.consume().subscribe(messages);
            Message first = messages.await(2).get(0);
            server.giveBack(PubSubResources.subscription(name), first.id());
            assertThat(get(first.extend(SHORTEST))).isEqualTo(Settled.STALE);
            assertThat(get(first.ack())).isEqualTo(Settled.STALE);
            for (Message each : messages.await(3).subList(1, 3)) {
                assertThat(get(each.ack())).isEqualTo(Settled.DONE);
            }
            assertThat(get(consumer.healthCheck()).facts()).containsEntry("outstanding", "0");
        }
    }

    /** F44: who asks for one message and no more loses none by that, and the limit is kept at the service. */
    @Test
    void subscriberThatStopsAsking_keepsItsLeases_andTheLimit() {
        String letters = resources.create();
        String name = resources.create(subscription -> subscription.setDeadLetterPolicy(DeadLetterPolicy.newBuilder()
                .setDeadLetterTopic(PubSubResources.topic(letters))
                .setMaxDeliveryAttempts(5)));
        publish(name, 30);
        try (PubSubSubscriber consumer =
                subscriber(name).ackDeadline(SHORTEST).maxMessages(10).build()) {
            TestSubscriber messages = TestSubscriber.requesting(1);
            consumer.consume().subscribe(messages);
            messages.await(1);
            long since = System.nanoTime();
            eventually("longer than a lease", () -> {
                assertThat(outstanding(name)).isLessThanOrEqualTo(10);
                return System.nanoTime() - since > 1.3 * SHORTEST.toNanos();
            });
            assertThat(messages.count()).isEqualTo(1);
            messages.messages().get(0).ack();
            for (int i = 1; i < 30; i++) {
                messages.request(1);
                Message next = messages.await(i + 1).get(i);
                assertThat(next.attempt()).as("no lease has ended").isEqualTo(1);
                assertThat(get(next.ack())).isEqualTo(Settled.DONE);
            }
            assertThat(get(consumer.healthCheck()).facts()).containsEntry("lapsed", "0");
        }
    }

    @Test
    void maxInFlightBytes_limitsWhatTheServicePushes() {
        String name = resources.create();
        PubsubMessage large = PubsubMessage.newBuilder()
                .setData(ByteString.copyFrom(new byte[100_000]))
                .build();
        for (int i = 0; i < 20; i++) {
            resources.publish(name, large);
        }
        try (PubSubSubscriber consumer =
                subscriber(name).maxInFlightBytes(300_000).build()) {
            TestSubscriber messages = TestSubscriber.requesting(100);
            consumer.consume().subscribe(messages);
            messages.await(3);
            assertThat(outstanding(name)).isLessThanOrEqualTo(4);
            messages.messages().forEach(Message::ack);
            messages.await(6);
            assertThat(outstanding(name)).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void limitsAndDeadline_areToldToTheService() {
        String name = resources.create();
        AtomicReference<StreamingPullRequest> first = new AtomicReference<>();
        script.on("StreamingPull", request -> {
            first.compareAndSet(null, (StreamingPullRequest) request);
            return null;
        });
        try (PubSubSubscriber consumer = subscriber(name)
                .ackDeadline(Duration.ofSeconds(17))
                .maxMessages(7)
                .maxInFlightBytes(4_711)
                .build()) {
            consumer.consume().subscribe(TestSubscriber.acknowledging());
            eventually("a stream", () -> first.get() != null);
            assertThat(first.get().getStreamAckDeadlineSeconds()).isEqualTo(17);
            assertThat(first.get().getMaxOutstandingMessages()).isEqualTo(7);
            assertThat(first.get().getMaxOutstandingBytes()).isEqualTo(4_711);
        }
    }

    @Test
    void nothingIsFetched_beforeSomebodyWantsIt() {
        String name = resources.create();
        publish(name, 3);
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            get(consumer.connect());
            TestSubscriber messages = TestSubscriber.requesting(0);
            consumer.consume().subscribe(messages);
            assertThat(get(consumer.healthCheck()).isUp()).isTrue();
            assertThat(script.calls("StreamingPull")).isZero();
            messages.request(1);
            messages.await(1);
            assertThat(script.calls("StreamingPull")).isEqualTo(1);
        }
    }

    /** The service ends the stream while messages are in flight: they stay ours, others come, and no outage is told. */
    private void outliveTheEndOfTheStream(Runnable trouble, int streams, String throttled) {
        String name = resources.create();
        publish(name, 10);
        Outages outages = new Outages();
        try (PubSubSubscriber consumer = subscriber(name).listener(outages).build()) {
            TestSubscriber messages = TestSubscriber.requesting(100);
            consumer.consume().subscribe(messages);
            List<Message> held = List.copyOf(messages.await(10));
            trouble.run();
            server.endStreams();
            publish(name, 5);
            messages.await(15);
            for (Message message : held) {
                assertThat(get(message.ack())).isEqualTo(Settled.DONE);
            }
            assertThat(outages.causes()).isEmpty();
            assertThat(script.calls("StreamingPull")).isEqualTo(streams);
            assertThat(get(consumer.healthCheck()).facts()).containsEntry("throttled", throttled);
        }
    }

    /** F18: the service ends streams as a routine. */
    @Test
    void streamThatEnds_isOpenedAgain_andWhatIsInFlightStaysOurs() {
        outliveTheEndOfTheStream(() -> {}, 2, "0");
    }

    @Test
    void quotaThatIsUsedUp_endsNoSession() {
        outliveTheEndOfTheStream(
                () -> {
                    script.fail("StreamingPull", 2, Status.RESOURCE_EXHAUSTED);
                    script.fail("GetSubscription", 1, Status.RESOURCE_EXHAUSTED);
                },
                4,
                "2");
    }

    /** F19. */
    @Test
    void subscriptionDeletedMeanwhile_endsTheStream() {
        String name = resources.create();
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            TestSubscriber messages = TestSubscriber.requesting(1);
            consumer.consume().subscribe(messages);
            eventually("a stream", () -> script.calls("StreamingPull") == 1);
            resources.deleteSubscription(name);
            assertThat(messages.awaitEnd())
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void accountThatMayNotLook_canConsume() {
        String name = resources.create();
        publish(name, 1);
        script.on("GetSubscription", request -> Status.PERMISSION_DENIED);
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            TestSubscriber messages = TestSubscriber.acknowledging();
            consumer.consume().subscribe(messages);
            messages.await(1);
            assertThat(get(consumer.healthCheck()).isUp()).isTrue();
        }
    }

    /** F21: closing ends in time whatever the client waits for. */
    @Test
    void close_whileTheServiceIsSilent_endsInTime() {
        String name = resources.create();
        publish(name, 5);
        PubSubSubscriber consumer = subscriber(name).build();
        TestSubscriber messages = TestSubscriber.requesting(5);
        consumer.consume().subscribe(messages);
        messages.await(5);
        script.on("ModifyAckDeadline", request -> Script.SILENCE);
        script.on("Acknowledge", request -> Script.SILENCE);
        var ack = messages.messages().get(0).ack();
        long before = System.nanoTime();
        consumer.close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
        assertThat(get(ack)).isEqualTo(Settled.STALE);
    }

    @Test
    void maxRetries_isHowOftenTheClientRepeatsAnAck() {
        String name = resources.create();
        publish(name, 1);
        GcpConfig patient = config.toBuilder().maxRetries(2).build();
        try (PubSubSubscriber consumer = subscriber(name).config(patient).build()) {
            TestSubscriber messages = TestSubscriber.requesting(1);
            consumer.consume().subscribe(messages);
            Message message = messages.await(1).get(0);
            script.fail("Acknowledge", 100, Status.UNAVAILABLE);
            assertThatThrownBy(() -> get(message.ack())).isInstanceOf(BrokerException.class);
            // The engine tries five times, and the client each of these three.
            assertThat(script.calls("Acknowledge")).isEqualTo(15);
        }
    }

    @Test
    void maxAttempts_countsWhatThisConsumerHasGivenBack() {
        String name = resources.create();
        publish(name, 1);
        AtomicReference<String> dropped = new AtomicReference<>();
        List<Integer> attempts = Collections.synchronizedList(new ArrayList<>());
        BrokerListener listener = new BrokerListener() {
            @Override
            public void dropped(String broker, Message message, String reason) {
                dropped.set(reason);
            }
        };
        try (PubSubSubscriber consumer = subscriber(name)
                .maxAttempts(3)
                .onReject(RejectPolicy.DROP)
                .listener(listener)
                .build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                attempts.add(message.attempt());
                message.nack();
            }));
            eventually("the end of its attempts", () -> dropped.get() != null);
            assertThat(attempts).containsExactly(1, 2, 3);
        }
    }

    @Test
    void messageThatIsReleased_hasFailedNoAttempt() {
        String name = resources.create();
        publish(name, 1);
        List<Integer> attempts = Collections.synchronizedList(new ArrayList<>());
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                attempts.add(message.attempt());
                if (attempts.size() < 3) {
                    message.unwrap(Settler.class).orElseThrow().release();
                } else {
                    message.ack();
                }
            }));
            eventually("its third delivery", () -> attempts.size() == 3);
            assertThat(attempts).containsExactly(1, 1, 1);
        }
    }

    @Test
    void nackWithoutEnd_isOneOfTheLongestTime() {
        String name = resources.create();
        publish(name, 1);
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            TestSubscriber messages = TestSubscriber.requesting(1);
            consumer.consume().subscribe(messages);
            Message message = messages.await(1).get(0);
            assertThat(get(message.nack(Duration.ofSeconds(Long.MAX_VALUE)))).isEqualTo(Settled.DONE);
        }
    }

    /** F26: the service's own way with a message that always fails. */
    @Test
    void deadLetterPolicy_takesTheMessageAfterItsAttempts() {
        String letters = resources.create();
        String name = resources.create(subscription -> subscription.setDeadLetterPolicy(DeadLetterPolicy.newBuilder()
                .setDeadLetterTopic(PubSubResources.topic(letters))
                .setMaxDeliveryAttempts(5)));
        publish(name, 100);
        List<Integer> attempts = Collections.synchronizedList(new ArrayList<>());
        try (PubSubSubscriber consumer = subscriber(name).build();
                PubSubSubscriber reading = subscriber(letters).build()) {
            TestSubscriber letter = TestSubscriber.acknowledging();
            reading.consume().subscribe(letter);
            TestSubscriber messages = TestSubscriber.handling(message -> {
                if (message.text().equals("4")) {
                    attempts.add(message.attempt());
                    message.nack();
                } else {
                    message.ack();
                }
            });
            consumer.consume().subscribe(messages);
            assertThat(letter.await(1).get(0).text()).isEqualTo("4");
            assertThat(attempts).containsExactly(1, 2, 3, 4, 5);
            assertThat(messages.texts()).contains("9");
        }
    }

    /** F27: what other programs publish; there is nothing that could not be read. */
    @Test
    void messagesOfOtherPrograms_areReadAsTheyAre() {
        String name = resources.create();
        List<PubsubMessage> odd = oddMessages();
        assertThat(odd).hasSize(29);
        publish(name, 500);
        resources.publish(name, odd.toArray(PubsubMessage[]::new));
        publish(name, 500);
        List<ByteString> bodies = Collections.synchronizedList(new ArrayList<>());
        try (PubSubSubscriber consumer = subscriber(name).build()) {
            consumer.consume().subscribe(TestSubscriber.handling(message -> {
                // Whatever is asked of an odd message has an answer.
                assertThat(message.id() + message.key() + message.headers() + message.timestamp())
                        .isNotEmpty();
                bodies.add(ByteString.copyFrom(message.body()));
                message.ack();
            }));
            eventually("all messages", () -> bodies.size() == 1_029);
            assertThat(bodies)
                    .containsAll(odd.stream().map(PubsubMessage::getData).toList());
            eventually("nothing left", () -> outstanding(name) == 0);
        }
    }

    /** Noise with attributes that look as if they were of this library. */
    private static List<PubsubMessage> oddMessages() {
        Random random = new Random(27);
        List<PubsubMessage> messages = new ArrayList<>();
        messages.add(
                PubsubMessage.newBuilder().putAttributes("only", "attributes").build());
        for (String name : List.of(
                Attributes.ORDER,
                Attributes.ID,
                Attributes.KEY,
                "pythia-b0:name",
                "pythia-h",
                "pythia-b99999999999:x",
                "\n")) {
            for (String value : List.of("", "no Base64!", "7,x,-1", "\u0000\r\n")) {
                byte[] noise = new byte[1 + random.nextInt(100)];
                random.nextBytes(noise);
                messages.add(PubsubMessage.newBuilder()
                        .setData(ByteString.copyFrom(noise))
                        .putAttributes(name, value)
                        .putAttributes("another", value)
                        .build());
            }
        }
        return messages;
    }
}
