package io.pythia.cloud.gcp;

import static io.pythia.testkit.TestSubscriber.get;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.pubsub.v1.GetSubscriptionRequest;
import io.pythia.Message;
import io.pythia.testkit.TestSubscriber;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is left of the client when close has returned: nothing. */
class PubSubCloseIT extends ScriptedServerFixture {
    private String topic;

    @BeforeEach
    void createTopic() {
        topic = resources.create();
    }

    private static List<String> threadsOf(String name) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(thread -> thread.contains(name))
                .toList();
    }

    @Test
    void close_leavesNoThread() {
        for (int i = 0; i < 10; i++) {
            try (PubSubSubscriber subscriber = PubSubSubscriber.builder()
                            .subscriptionName(topic)
                            .config(config)
                            .build();
                    PubSubPublisher publisher = PubSubPublisher.builder()
                            .topicName(topic)
                            .config(config)
                            .build()) {
                TestSubscriber messages = TestSubscriber.acknowledging();
                subscriber.consume().subscribe(messages);
                get(publisher.send(Message.of("x")));
                messages.await(1);
                assertThat(threadsOf(topic)).anyMatch(thread -> thread.contains("client-"));
            }
            // A pool has ended when its threads are about to.
            Awaitility.await("no thread of the session")
                    .atMost(60, TimeUnit.SECONDS)
                    .until(() -> threadsOf(topic).stream().noneMatch(thread -> thread.contains("client-")));
        }
    }

    @Test
    void session_isClosed_whenItsChannelHasEnded() throws Exception {
        ScheduledExecutorService threads = PubSubClients.threads(topic);
        SubscriberStub stub = PubSubClients.subscriber(config, threads);
        stub.getSubscriptionCallable()
                .call(GetSubscriptionRequest.newBuilder()
                        .setSubscription(PubSubResources.subscription(topic))
                        .build());
        PubSubClients.close(stub, threads);
        assertThat(stub.isTerminated()).isTrue();
        assertThat(threads.isTerminated()).isTrue();
    }

    @Test
    void session_thatWasNotOpened_isClosedToo() {
        ScheduledExecutorService threads = PubSubClients.threads(topic);
        PubSubClients.close(null, threads);
        assertThat(threads.isTerminated()).isTrue();
    }
}
