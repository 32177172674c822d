package io.pythia.cloud.azure;

import com.azure.storage.queue.QueueClientBuilder;
import com.azure.storage.queue.models.QueueMessageItem;
import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.AzuriteTestServer;
import io.pythia.testkit.server.TestServer;
import java.time.Duration;
import java.util.UUID;

/** Queues of a server; bodies alone, or in the envelope. */
final class StorageQueueHarness implements BrokerHarness {
    private final String name;
    private final TestServer server;
    private final boolean envelope;
    private final Duration patience;

    /**
     * Creates one.
     *
     * @param patience how long a send may take at least: some servers are slow
     */
    StorageQueueHarness(String name, TestServer server, boolean envelope, Duration patience) {
        this.name = name;
        this.server = server;
        this.envelope = envelope;
        this.patience = patience;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Capabilities capabilities() {
        return StorageQueueBrokerProvider.capabilities(envelope, false);
    }

    @Override
    public String newDestination() {
        return createQueue(server);
    }

    static String createQueue(TestServer server) {
        String queue = "q-" + UUID.randomUUID();
        new QueueClientBuilder()
                .connectionString(AzuriteTestServer.connectionString(server))
                .queueName(queue)
                .buildClient()
                .create();
        return queue;
    }

    @Override
    public String missingDestination() {
        return "missing-queue";
    }

    @Override
    public Class<?> nativeType() {
        return QueueMessageItem.class;
    }

    @Override
    public MessageBroker consumer(String destination, String group, ConsumerOptions options, BrokerListener listener) {
        return builder(destination, options)
                .withoutPoisonQueue()
                .listener(listener)
                .build();
    }

    @Override
    public MessageBroker consumer(
            String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
        return builder(destination, options).deadLetter(deadLetters).build();
    }

    private StorageQueueConsumer.Builder builder(String destination, ConsumerOptions options) {
        return StorageQueueConsumer.builder()
                .queueName(destination)
                .config(AzureConfig.of(AzuriteTestServer.connectionString(server)))
                .envelope(envelope)
                .maxPollInterval(Duration.ofMillis(500))
                .options(options);
    }

    @Override
    public MessageProducer producer(String destination, ProducerOptions options) {
        boolean asUsual =
                options.sendTimeout().equals(ProducerOptions.defaults().sendTimeout());
        ProducerOptions patient = options.withSendTimeout(patience).withCloseTimeout(patience);
        return StorageQueueProducer.builder()
                .queueName(destination)
                .config(AzureConfig.of(AzuriteTestServer.connectionString(server)))
                .envelope(envelope)
                .options(asUsual ? patient : options)
                .build();
    }

    @Override
    public MessageBroker unreachableConsumer(ConsumerOptions options) {
        String nobody = AzuriteTestServer.connectionString(server).replace(server.address(), "127.0.0.1:1");
        return StorageQueueConsumer.builder()
                .queueName("orders")
                .config(AzureConfig.of(nobody))
                .options(options)
                .build();
    }

    @Override
    public boolean canStopServer() {
        return server.isOurs();
    }

    @Override
    public void stopServer() {
        server.stop();
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
