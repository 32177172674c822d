package io.pythia.cloud.gcp;

import com.google.pubsub.v1.ReceivedMessage;
import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.List;

/** A destination is a topic; a group is a subscription of it, that keeps the order of keys. */
class PubSubConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness("pubsub", TestServers.pubsub(), Duration.ofMinutes(1));
    }

    /** The server must be started when it is made. */
    static final class Harness implements BrokerHarness {
        private final String name;
        private final TestServer server;
        private final Duration ackDeadline;
        private final GcpConfig config;
        private final PubSubResources resources;

        Harness(String name, TestServer server, Duration ackDeadline) {
            this.name = name;
            this.server = server;
            this.ackDeadline = ackDeadline;
            this.config = PubSubResources.config(server.address());
            this.resources = new PubSubResources(server.address());
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Capabilities capabilities() {
            return builder("any", "any", ConsumerOptions.defaults()).build().capabilities();
        }

        @Override
        public String newDestination() {
            String topic = PubSubResources.name();
            resources.createTopic(topic);
            for (String group : List.of("group-a", "group-b")) {
                resources.createSubscription(topic, topic + "." + group, subscription -> subscription);
            }
            return topic;
        }

        @Override
        public String missingDestination() {
            return "missing";
        }

        @Override
        public Class<?> nativeType() {
            return ReceivedMessage.class;
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, BrokerListener listener) {
            return builder(destination, group, options).listener(listener).build();
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return builder(destination, group, options).deadLetter(deadLetters).build();
        }

        private PubSubSubscriber.Builder builder(String topic, String group, ConsumerOptions options) {
            return PubSubSubscriber.builder()
                    .subscriptionName(topic + "." + group)
                    .config(config)
                    .ackDeadline(ackDeadline)
                    .options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return PubSubPublisher.builder()
                    .topicName(destination)
                    .config(config)
                    .options(options)
                    .build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return builder("orders", "group", options)
                    .config(PubSubResources.config("127.0.0.1:1"))
                    .build();
        }

        @Override
        public boolean canStopServer() {
            return server.isOurs() && !server.origin().contains("emulator");
        }

        @Override
        public void stopServer() {
            server.kill();
        }

        @Override
        public void startServer() {
            server.start();
        }

        @Override
        public void close() {
            resources.close();
        }
    }
}
