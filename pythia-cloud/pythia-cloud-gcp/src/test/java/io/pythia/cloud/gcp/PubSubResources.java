package io.pythia.cloud.gcp;

import com.google.api.gax.core.NoCredentialsProvider;
import com.google.cloud.pubsub.v1.stub.GrpcPublisherStub;
import com.google.cloud.pubsub.v1.stub.GrpcSubscriberStub;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.cloud.pubsub.v1.stub.PublisherStubSettings;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.cloud.pubsub.v1.stub.SubscriberStubSettings;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
import io.grpc.ManagedChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** Topics and subscriptions for tests, made by the raw client. */
final class PubSubResources implements AutoCloseable {
    static final String PROJECT = "pythia-test";

    private final PublisherStub topics;
    private final SubscriberStub subscriptions;

    PubSubResources(String address) {
        try {
            topics = GrpcPublisherStub.create(PublisherStubSettings.newBuilder()
                    .setEndpoint(address)
                    .setCredentialsProvider(NoCredentialsProvider.create())
                    .setTransportChannelProvider(PublisherStubSettings.defaultGrpcTransportProviderBuilder()
                            .setChannelConfigurator(ManagedChannelBuilder::usePlaintext)
                            .build())
                    .build());
            subscriptions = GrpcSubscriberStub.create(SubscriberStubSettings.newBuilder()
                    .setEndpoint(address)
                    .setCredentialsProvider(NoCredentialsProvider.create())
                    .setTransportChannelProvider(SubscriberStubSettings.defaultGrpcTransportProviderBuilder()
                            .setChannelConfigurator(ManagedChannelBuilder::usePlaintext)
                            .build())
                    .build());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static GcpConfig config(String address) {
        return GcpConfig.builder().projectId(PROJECT).emulatorHost(address).build();
    }

    static String name() {
        return "t" + UUID.randomUUID();
    }

    static String topic(String id) {
        return "projects/" + PROJECT + "/topics/" + id;
    }

    static String subscription(String id) {
        return "projects/" + PROJECT + "/subscriptions/" + id;
    }

    /** Makes a topic and a subscription of the same name, that keeps the order of keys. */
    String create() {
        return create(subscription -> subscription);
    }

    String create(UnaryOperator<Subscription.Builder> changes) {
        String name = name();
        createTopic(name);
        createSubscription(name, name, changes);
        return name;
    }

    void createTopic(String id) {
        topics.createTopicCallable().call(Topic.newBuilder().setName(topic(id)).build());
    }

    void deleteTopic(String id) {
        topics.deleteTopicCallable()
                .call(com.google.pubsub.v1.DeleteTopicRequest.newBuilder()
                        .setTopic(topic(id))
                        .build());
    }

    void createSubscription(String topic, String id, UnaryOperator<Subscription.Builder> changes) {
        subscriptions
                .createSubscriptionCallable()
                .call(changes.apply(Subscription.newBuilder()
                                .setName(subscription(id))
                                .setTopic(topic(topic))
                                .setAckDeadlineSeconds(10)
                                .setEnableMessageOrdering(true))
                        .build());
    }

    void deleteSubscription(String id) {
        subscriptions
                .deleteSubscriptionCallable()
                .call(com.google.pubsub.v1.DeleteSubscriptionRequest.newBuilder()
                        .setSubscription(subscription(id))
                        .build());
    }

    /** Publishes as another program would. */
    void publish(String topic, PubsubMessage... messages) {
        topics.publishCallable()
                .call(PublishRequest.newBuilder()
                        .setTopic(topic(topic))
                        .addAllMessages(List.of(messages))
                        .build());
    }

    @Override
    public void close() {
        topics.close();
        subscriptions.close();
    }
}
