package io.pythia.cloud.gcp;

import static io.pythia.testkit.Eventually.eventually;
import static io.pythia.testkit.TestSubscriber.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.pubsub.v1.PublishRequest;
import io.grpc.Status;
import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.UncertainSendException;
import io.pythia.retry.RetryConfig;
import io.pythia.testkit.TestSubscriber;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a publisher does with options and errors, against a server in this process that a script stands before. */
class PubSubPublisherIT extends ScriptedServerFixture {
    private String topic;

    @BeforeEach
    void createTopic() {
        topic = resources.create();
    }

    private PubSubPublisher.Builder publisher() {
        return PubSubPublisher.builder()
                .topicName(topic)
                .config(config)
                .retry(new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(20), Duration.ofMillis(100), true, true));
    }

    private List<Message> received(int count) {
        try (PubSubSubscriber subscriber = PubSubSubscriber.builder()
                .subscriptionName(topic)
                .config(config)
                .build()) {
            TestSubscriber messages = TestSubscriber.acknowledging();
            subscriber.consume().subscribe(messages);
            return List.copyOf(messages.await(count));
        }
    }

    private static Message keyed(String key, int number) {
        return Message.builder().key(key).body(Integer.toString(number)).build();
    }

    @Test
    void orderingKeyFunction_isUsed_andTheKeyTravelsToo() {
        try (PubSubPublisher publisher = publisher()
                .orderingKey(message -> message.headers().get("tenant"))
                .build()) {
            get(publisher.send(
                    Message.builder().key("k").header("tenant", "t1").body("x").build()));
        }
        Message message = received(1).get(0);
        assertThat(message.key()).isEqualTo("k");
        assertThat(message.unwrap(com.google.pubsub.v1.PubsubMessage.class))
                .hasValueSatisfying(sent -> assertThat(sent.getOrderingKey()).isEqualTo("t1"));
    }

    @Test
    void orderingKeyValue_isUsedForAll() {
        try (PubSubPublisher publisher = publisher().orderingKey("one").build()) {
            get(publisher.sendBatch(IntStream.range(0, 50)
                    .mapToObj(i -> Message.of(Integer.toString(i)))
                    .toList()));
        }
        List<Message> messages = received(50);
        assertThat(messages).allSatisfy(message -> assertThat(message.key()).isEqualTo("one"));
        assertThat(messages.stream().map(message -> Integer.parseInt(message.text())))
                .isSorted();
    }

    @Test
    void attributes_areAddedToEachMessage_butNotOverItsHeaders() {
        try (PubSubPublisher publisher = publisher()
                .attributes(Map.of("source", "web", "kind", "default"))
                .build()) {
            get(publisher.send(Message.builder().header("kind", "own").body("x").build()));
        }
        Message message = received(1).get(0);
        assertThat(message.headers().all("source")).containsExactly("web");
        assertThat(message.headers().all("kind")).containsExactly("own");
    }

    @Test
    void keyThatFails_failsWhatIsBehindIt_andGoesOnWithTheNext() {
        script.on("Publish", request -> text(request).contains("refused") ? Status.PERMISSION_DENIED : null);
        try (PubSubPublisher publisher = publisher().maxRequestBytes(1).build()) {
            CompletableFuture<SendResult> refused =
                    publisher.send(Message.builder().key("k").body("refused").build());
            List<CompletableFuture<SendResult>> behind = new ArrayList<>();
            IntStream.range(0, 3).forEach(i -> behind.add(publisher.send(keyed("k", i))));
            CompletableFuture<SendResult> other = publisher.send(keyed("other", 7));
            assertThatThrownBy(() -> get(refused)).isInstanceOf(BrokerAuthenticationException.class);
            get(other);
            // Those that were queued behind it failed with it; those that came after it went. Never one before another
            // that did not.
            List<String> gone = new ArrayList<>();
            for (int i = 0; i < behind.size(); i++) {
                try {
                    get(behind.get(i));
                    gone.add(Integer.toString(i));
                } catch (BrokerException e) {
                    assertThat(e).isInstanceOf(MessageException.class);
                    assertThat(gone).isEmpty();
                }
            }
            get(publisher.send(keyed("k", 9)));
            gone.add("9");
            List<Message> all = received(gone.size() + 1);
            assertThat(all.stream().filter(m -> "k".equals(m.key())).map(Message::text))
                    .containsExactlyElementsOf(gone);
        }
    }

    @Test
    void keyThatFailsForAWhile_isRepeatedInItsPlace_andKeepsItsOrder() {
        script.fail("Publish", 3, Status.UNAVAILABLE);
        try (PubSubPublisher publisher = publisher().maxRequestBytes(1).build()) {
            get(publisher.sendBatch(
                    IntStream.range(0, 20).mapToObj(i -> keyed("k", i)).toList()));
            assertThat(script.calls("Publish")).isEqualTo(23);
        }
        assertThat(received(20).stream().map(message -> Integer.parseInt(message.text())))
                .containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
    }

    @Test
    void retry_limitsHowOftenAKeyIsRepeated() {
        script.fail("Publish", 100, Status.UNAVAILABLE);
        RetryConfig twice = new RetryConfig(2, Duration.ofMillis(5), Duration.ofMillis(5), false, false);
        try (PubSubPublisher publisher = publisher().retry(twice).build()) {
            assertThatThrownBy(() -> get(publisher.send(keyed("k", 1)))).isInstanceOf(UncertainSendException.class);
            assertThat(script.calls("Publish")).isEqualTo(3);
        }
    }

    @Test
    void keyThatIsRefused_afterATryThatMayHaveArrived_isUncertain() {
        AtomicInteger tries = new AtomicInteger();
        script.on("Publish", request -> tries.getAndIncrement() == 0 ? Status.UNAVAILABLE : Status.NOT_FOUND);
        try (PubSubPublisher publisher = publisher().build()) {
            assertThatThrownBy(() -> get(publisher.send(keyed("k", 1)))).isInstanceOf(UncertainSendException.class);
            assertThat(script.calls("Publish")).isEqualTo(2);
        }
        script.fail("Publish", 1, Status.NOT_FOUND);
        try (PubSubPublisher publisher = publisher().build()) {
            assertThatThrownBy(() -> get(publisher.send(keyed("k", 1))))
                    .isInstanceOf(DestinationNotFoundException.class);
        }
    }

    @Test
    void badMessageAmongGoodOnes_failsAlone() {
        script.on("Publish", request -> text(request).contains("bad") ? Status.INVALID_ARGUMENT : null);
        try (PubSubPublisher publisher = publisher().build()) {
            List<CompletableFuture<SendResult>> results = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                results.add(publisher.send(Message.of(i == 4 ? "bad" : "good " + i)));
            }
            for (int i = 0; i < 10; i++) {
                CompletableFuture<SendResult> result = results.get(i);
                if (i == 4) {
                    assertThatThrownBy(() -> get(result)).isInstanceOf(MessageException.class);
                } else {
                    assertThat(get(result).details()).containsKey("message-id");
                }
            }
        }
        assertThat(received(9)).hasSize(9);
    }

    @Test
    void maxRequestBytes_limitsWhatGoesTogether() {
        try (PubSubPublisher publisher = publisher().maxRequestBytes(1).build()) {
            get(publisher.sendBatch(List.of(Message.of("a"), Message.of("b"), Message.of("c"))));
            assertThat(script.calls("Publish")).isEqualTo(3);
        }
    }

    @Test
    void maxBatch_limitsHowManyGoTogether() {
        List<Integer> sizes = new CopyOnWriteArrayList<>();
        script.on("Publish", request -> {
            sizes.add(((PublishRequest) request).getMessagesCount());
            return null;
        });
        try (PubSubPublisher publisher = publisher().maxBatch(2).build()) {
            get(publisher.sendBatch(
                    IntStream.range(0, 50).mapToObj(i -> keyed("k", i)).toList()));
        }
        assertThat(sizes).contains(2).allMatch(size -> size <= 2);
    }

    @Test
    void topicDeletedMeanwhile_isSaid() {
        try (PubSubPublisher publisher = publisher().build()) {
            get(publisher.send(Message.of("before")));
            resources.deleteTopic(topic);
            assertThatThrownBy(() -> get(publisher.send(Message.of("after"))))
                    .isInstanceOf(DestinationNotFoundException.class)
                    .hasMessageContaining(topic);
        }
    }

    @Test
    void accountThatMayNotLook_canPublish() {
        script.on("GetTopic", request -> Status.PERMISSION_DENIED);
        try (PubSubPublisher publisher = publisher().build()) {
            get(publisher.connect());
            get(publisher.send(Message.of("x")));
            assertThat(get(publisher.healthCheck()).isUp()).isTrue();
        }
    }

    @Test
    void quotaThatIsUsedUp_isASignOfLife() {
        try (PubSubPublisher publisher = publisher().build()) {
            get(publisher.connect());
            script.on("GetTopic", request -> Status.RESOURCE_EXHAUSTED);
            assertThat(get(publisher.healthCheck()).isUp()).isTrue();
            script.on("GetTopic", request -> Status.UNAVAILABLE);
            assertThat(get(publisher.healthCheck()).isUp()).isFalse();
        }
    }

    @Test
    void close_whileTheServiceIsSilent_endsInTime_andSaysThatNobodyKnows() {
        try (PubSubPublisher publisher =
                publisher().closeTimeout(Duration.ofSeconds(1)).build()) {
            get(publisher.connect());
            script.on("Publish", request -> Script.SILENCE);
            CompletableFuture<SendResult> first = publisher.send(keyed("k", 1));
            CompletableFuture<SendResult> behind = publisher.send(keyed("k", 2));
            eventually("the request", () -> script.calls("Publish") == 1);
            long before = System.nanoTime();
            publisher.close();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
            assertThatThrownBy(() -> get(first)).isInstanceOf(UncertainSendException.class);
            assertThatThrownBy(() -> get(behind)).isInstanceOf(BrokerException.class);
        }
    }

    @Test
    void timeout_endsACallWithoutAnAnswer_andTheMessageIsSentAgain() {
        GcpConfig quick = config.toBuilder().timeout(Duration.ofSeconds(5)).build();
        try (PubSubPublisher publisher = publisher().config(quick).build()) {
            get(publisher.connect());
            script.fail("Publish", 1, Script.SILENCE);
            get(publisher.send(Message.of("x")));
            assertThat(script.calls("Publish")).isEqualTo(2);
        }
    }

    private static String text(@Nullable Object request) {
        return request instanceof PublishRequest publish
                ? publish.getMessagesList().stream()
                        .map(message -> message.getData().toStringUtf8())
                        .toList()
                        .toString()
                : "";
    }
}
