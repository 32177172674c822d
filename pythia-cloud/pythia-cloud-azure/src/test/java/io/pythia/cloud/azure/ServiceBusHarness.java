package io.pythia.cloud.azure;

import com.azure.messaging.servicebus.ServiceBusReceivedMessage;
import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.TestServers;
import io.pythia.testkit.server.servicebus.QueueOptions;
import java.time.Duration;
import java.util.UUID;

/** Topics whose groups are subscriptions; with sessions or without. */
final class ServiceBusHarness implements BrokerHarness {
    private final ServiceBusTestServer server = TestServers.newServiceBus();
    private final boolean sessions;
    private final QueueOptions options;

    ServiceBusHarness(boolean sessions) {
        this.sessions = sessions;
        this.options = sessions ? QueueOptions.defaults().withSessions() : QueueOptions.defaults();
    }

    @Override
    public String name() {
        return sessions ? "servicebus-sessions" : "servicebus";
    }

    @Override
    public Capabilities capabilities() {
        return ServiceBusBrokerProvider.capabilities(sessions);
    }

    @Override
    public String newDestination() {
        String topic = "t-" + UUID.randomUUID();
        server.createTopic(topic);
        server.createSubscription(topic, "group-a", options);
        server.createSubscription(topic, "group-b", options);
        return topic;
    }

    @Override
    public String missingDestination() {
        return "missing-topic";
    }

    @Override
    public String nativeDeadLetters(String destination) {
        return destination + "/dead-letters";
    }

    @Override
    public Class<?> nativeType() {
        return ServiceBusReceivedMessage.class;
    }

    @Override
    public MessageBroker consumer(String destination, String group, ConsumerOptions options, BrokerListener listener) {
        return builder(destination, group, options).listener(listener).build();
    }

    @Override
    public MessageBroker consumer(
            String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
        return builder(destination, group, options).deadLetter(deadLetters).build();
    }

    private ServiceBusConsumer.Builder builder(String destination, String group, ConsumerOptions options) {
        int letters = destination.indexOf("/dead-letters");
        ServiceBusConsumer.Builder builder = ServiceBusConsumer.builder()
                .topicName(letters < 0 ? destination : destination.substring(0, letters))
                .subscriptionName(group)
                .subQueue(letters < 0 ? SubQueue.NONE : SubQueue.DEAD_LETTER)
                .config(AzureConfig.of(server.connectionString()))
                .options(options);
        return sessions && letters < 0 ? builder.sessions(16).maxWaitTime(Duration.ofMillis(300)) : builder;
    }

    @Override
    public MessageProducer producer(String destination, ProducerOptions options) {
        return ServiceBusProducer.builder()
                .topicName(destination)
                .sessions(sessions)
                .config(AzureConfig.of(server.connectionString()))
                .options(options)
                .build();
    }

    @Override
    public MessageBroker unreachableConsumer(ConsumerOptions options) {
        String nobody = server.connectionString().replace(server.address(), "127.0.0.1:1");
        return ServiceBusConsumer.builder()
                .queueName("orders")
                .config(AzureConfig.of(nobody))
                .options(options)
                .build();
    }

    @Override
    public boolean canStopServer() {
        return true;
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
        server.close();
    }
}
