package io.pythia.benchmarks;

import com.google.api.core.ApiFuture;
import com.google.api.gax.batching.BatchingSettings;
import com.google.api.gax.batching.FlowControlSettings;
import com.google.api.gax.core.NoCredentialsProvider;
import com.google.api.gax.grpc.GrpcTransportChannel;
import com.google.api.gax.rpc.FixedTransportChannelProvider;
import com.google.cloud.pubsub.v1.MessageReceiver;
import com.google.cloud.pubsub.v1.Publisher;
import com.google.cloud.pubsub.v1.Subscriber;
import com.google.cloud.pubsub.v1.stub.GrpcPublisherStub;
import com.google.cloud.pubsub.v1.stub.GrpcSubscriberStub;
import com.google.cloud.pubsub.v1.stub.PublisherStub;
import com.google.cloud.pubsub.v1.stub.PublisherStubSettings;
import com.google.cloud.pubsub.v1.stub.SubscriberStub;
import com.google.cloud.pubsub.v1.stub.SubscriberStubSettings;
import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.ByteString;
import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.Subscription;
import com.google.pubsub.v1.Topic;
import io.grpc.ManagedChannelBuilder;
import io.pythia.Message;
import io.pythia.Subscribers;
import io.pythia.cloud.gcp.GcpConfig;
import io.pythia.cloud.gcp.PubSubPublisher;
import io.pythia.cloud.gcp.PubSubSubscriber;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** One run in a fresh JVM: {@code PubSubRun <variant> <address> <topic and subscription> <messages>}. Prints one RESULT line. */
public final class PubSubRun {
    private static final int BODY_BYTES = 256;
    /** Both sides: how many sends may be without an answer, and how many messages unsettled. */
    private static final int WINDOW = 5_000;

    private static final String PROJECT = "bench";

    private final String address;
    private final String name;
    private final int messages;

    private PubSubRun(String address, String name, int messages) {
        this.address = address;
        this.name = name;
        this.messages = messages;
    }

    /** Runs one variant. */
    public static void main(String[] args) throws Exception {
        PubSubRun run = new PubSubRun(args[1], args[2], Integer.parseInt(args[3]));
        switch (args[0]) {
            case "raw-produce" -> run.rawProduce();
            case "pythia-produce" -> run.produce();
            case "raw-consume" -> run.rawConsume();
            case "pythia-consume" -> run.consume();
            default -> throw new IllegalArgumentException("unknown variant " + args[0]);
        }
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private int warmUp() {
        return messages / 4;
    }

    private String topic() {
        return "projects/" + PROJECT + "/topics/" + name;
    }

    private String subscription() {
        return "projects/" + PROJECT + "/subscriptions/" + name;
    }

    private FixedTransportChannelProvider channel() {
        return FixedTransportChannelProvider.create(GrpcTransportChannel.create(
                ManagedChannelBuilder.forTarget(address).usePlaintext().build()));
    }

    private GcpConfig config() {
        return GcpConfig.builder().projectId(PROJECT).emulatorHost(address).build();
    }

    private void create() throws IOException {
        try (PublisherStub topics = GrpcPublisherStub.create(PublisherStubSettings.newBuilder()
                        .setCredentialsProvider(NoCredentialsProvider.create())
                        .setTransportChannelProvider(channel())
                        .build());
                SubscriberStub subscriptions = GrpcSubscriberStub.create(SubscriberStubSettings.newBuilder()
                        .setCredentialsProvider(NoCredentialsProvider.create())
                        .setTransportChannelProvider(channel())
                        .build())) {
            topics.createTopicCallable()
                    .call(Topic.newBuilder().setName(topic()).build());
            subscriptions
                    .createSubscriptionCallable()
                    .call(Subscription.newBuilder()
                            .setName(subscription())
                            .setTopic(topic())
                            .build());
        }
    }

    // Produce: every answer awaited, the same window on both sides.

    private interface Send {
        void send(byte[] body, Runnable done);
    }

    private void rawProduce() throws Exception {
        create();
        Publisher publisher = Publisher.newBuilder(topic())
                .setChannelProvider(channel())
                .setCredentialsProvider(NoCredentialsProvider.create())
                // What the service takes at most, and Pythia sends: by default it would be 100 messages and 1,000
                // bytes.
                .setBatchingSettings(BatchingSettings.newBuilder()
                        .setElementCountThreshold(1_000L)
                        .setRequestByteThreshold(1L << 20)
                        .setDelayThresholdDuration(Duration.ofMillis(1))
                        .build())
                .build();
        produce((body, done) -> {
            ApiFuture<String> sent = publisher.publish(PubsubMessage.newBuilder()
                    .setData(ByteString.copyFrom(body))
                    .build());
            sent.addListener(
                    () -> {
                        check(sent);
                        done.run();
                    },
                    MoreExecutors.directExecutor());
        });
    }

    private static void check(ApiFuture<String> sent) {
        try {
            sent.get();
        } catch (Exception e) {
            fail(e);
        }
    }

    private static void fail(Throwable error) {
        error.printStackTrace();
        Runtime.getRuntime().halt(1);
    }

    private void produce() throws Exception {
        create();
        PubSubPublisher producer =
                PubSubPublisher.builder().topicName(name).config(config()).build();
        producer.connect().join();
        produce((body, done) -> producer.send(Message.of(body)).whenComplete((ok, error) -> {
            if (error != null) {
                fail(error);
            }
            done.run();
        }));
    }

    private void produce(Send send) throws InterruptedException {
        Window window = new Window(WINDOW);
        Measurement measurement = new Measurement();
        for (int i = 0; i < messages + warmUp(); i++) {
            if (i == warmUp()) {
                measurement = new Measurement();
            }
            window.acquire();
            send.send(new byte[BODY_BYTES], window::release);
        }
        window.awaitAll();
        measurement.report(messages);
    }

    // Consume: a trivial handler, every message acknowledged.

    /** Counts, on any thread. */
    private final class Counter {
        private final AtomicInteger seen = new AtomicInteger();
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile Measurement measurement = new Measurement();

        void count() {
            int now = seen.incrementAndGet();
            if (now == warmUp()) {
                measurement = new Measurement();
            } else if (now == messages) {
                measurement.report(messages - warmUp());
                done.countDown();
            }
        }
    }

    private void rawConsume() throws Exception {
        Counter counter = new Counter();
        Subscriber.newBuilder(subscription(), (MessageReceiver) (message, consumer) -> {
                    counter.count();
                    consumer.ack();
                })
                .setChannelProvider(channel())
                .setCredentialsProvider(NoCredentialsProvider.create())
                .setParallelPullCount(1)
                .setFlowControlSettings(FlowControlSettings.newBuilder()
                        .setMaxOutstandingElementCount((long) WINDOW)
                        .setMaxOutstandingRequestBytes(64L << 20)
                        .build())
                .build()
                .startAsync();
        counter.done.await();
    }

    private void consume() throws Exception {
        Counter counter = new Counter();
        PubSubSubscriber consumer = PubSubSubscriber.builder()
                .subscriptionName(name)
                .config(config())
                .maxMessages(WINDOW)
                .batchSize(500)
                .build();
        consumer.connect().join();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            counter.count();
                            message.ack();
                        },
                        PubSubRun::fail));
        counter.done.await();
    }
}
