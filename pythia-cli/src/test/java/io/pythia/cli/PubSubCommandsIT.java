package io.pythia.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.gax.core.NoCredentialsProvider;
import com.google.cloud.pubsub.v1.stub.GrpcPublisherStub;
import com.google.cloud.pubsub.v1.stub.GrpcSubscriberStub;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.cloud.pubsub.v1.stub.PublisherStubSettings;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.cloud.pubsub.v1.stub.SubscriberStubSettings;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
import io.grpc.ManagedChannelBuilder;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The commands on Pub/Sub, by URL. */
@Timeout(180)
class PubSubCommandsIT {
    private final TestServer server = TestServers.pubsub();

    @Test
    void whatIsProducedIsConsumed_andPiped() throws Exception {
        List<String> lines = RealText.lines(3_000);
        String first = url(create());
        String second = url(create());
        assertThat(Run.of(String.join("\n", lines) + "\n", "produce", first + "&ordering-key=k")
                        .exitCode())
                .isZero();
        assertThat(Run.of("", "ping", first).exitCode()).isZero();
        assertThat(Run.of("", "pipe", first, second, "--max", "3000").exitCode())
                .isZero();
        assertThat(Run.of("", "consume", second, "--max", "3000").lines()).isEqualTo(lines);
    }

    /** A subscription and its topic have names of their own, and stand in the same place of a URL. */
    @Test
    void ping_ofASubscription_isAskedAsAConsumer() throws IOException {
        String url = url(create("sub"));
        Run asProducer = Run.of("", "ping", url);
        assertThat(asProducer.exitCode()).isEqualTo(1);
        assertThat(asProducer.err()).contains("asked as a producer; --consumer asks as a consumer");
        Run asConsumer = Run.of("", "ping", "--consumer", url);
        assertThat(asConsumer.exitCode()).as(asConsumer.err()).isZero();
        assertThat(asConsumer.out()).startsWith("consumer pubsub:").contains("is UP");
    }

    private String url(String name) {
        return "pubsub://cli-test/" + name + "?emulator-host=" + server.address();
    }

    /** Makes a topic and a subscription of one name. */
    private String create() throws IOException {
        return create("");
    }

    /** Makes a topic, and a subscription whose name is that of the topic and the suffix; returns it. */
    private String create(String suffix) throws IOException {
        String name = "cli-" + UUID.randomUUID();
        String topic = "projects/cli-test/topics/" + name;
        try (PublisherStub topics = GrpcPublisherStub.create(PublisherStubSettings.newBuilder()
                        .setEndpoint(server.address())
                        .setCredentialsProvider(NoCredentialsProvider.create())
                        .setTransportChannelProvider(PublisherStubSettings.defaultGrpcTransportProviderBuilder()
                                .setChannelConfigurator(ManagedChannelBuilder::usePlaintext)
                                .build())
                        .build());
                SubscriberStub subscriptions = GrpcSubscriberStub.create(SubscriberStubSettings.newBuilder()
                        .setEndpoint(server.address())
                        .setCredentialsProvider(NoCredentialsProvider.create())
                        .setTransportChannelProvider(SubscriberStubSettings.defaultGrpcTransportProviderBuilder()
                                .setChannelConfigurator(ManagedChannelBuilder::usePlaintext)
                                .build())
                        .build())) {
            topics.createTopicCallable().call(Topic.newBuilder().setName(topic).build());
            subscriptions
                    .createSubscriptionCallable()
                    .call(Subscription.newBuilder()
                            .setName("projects/cli-test/subscriptions/" + name + suffix)
                            .setTopic(topic)
                            .setEnableMessageOrdering(true)
                            .build());
        }
        return name + suffix;
    }
}
