package io.pythia.http;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.StateStore;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerHarness;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A local service between the two: webhooks write its feeds, the poller reads them. */
record FeedHarness(String name, Capabilities capabilities, FeedServer server, StateStore states)
        implements BrokerHarness {
    static final HttpConfig CONFIG = HttpConfig.defaults().toBuilder()
            .allowPlainHttp(true)
            .allowNetworks("loopback")
            .retryDelay(Duration.ofMillis(50))
            .circuitBreakerTimeout(Duration.ofMillis(300))
            .build();

    FeedHarness(String name, Capabilities capabilities) {
        this(name, capabilities, new FeedServer(), StateStore.memory());
    }

    @Override
    public String newDestination() {
        return "feed-" + UUID.randomUUID();
    }

    @Override
    public @Nullable String missingDestination() {
        // The error of a webhook does not have its path, which is often its only secret.
        return capabilities.consumes() ? "missing-feed" : null;
    }

    @Override
    public Class<?> nativeType() {
        return okhttp3.Response.class;
    }

    @Override
    public MessageBroker consumer(String destination, String group, ConsumerOptions options, BrokerListener listener) {
        return poller(server.url(destination), destination + "/" + group)
                .options(options)
                .listener(listener)
                .build();
    }

    @Override
    public MessageBroker consumer(
            String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
        return poller(server.url(destination), destination + "/" + group)
                .options(options)
                .deadLetter(deadLetters)
                .build();
    }

    private PollerWorker.Builder poller(String url, String stateKey) {
        return PollerWorker.builder()
                .url(url)
                .config(CONFIG)
                .pollInterval(Duration.ofMillis(30))
                .extract(FeedServer.extraction())
                .pagination(Pagination.cursor("/next", "after"))
                .stateStore(states)
                .stateKey(stateKey);
    }

    @Override
    public MessageProducer producer(String destination, ProducerOptions options) {
        return WebhookSenderWorker.builder()
                .webhookUrls(server.url(destination))
                .config(CONFIG)
                .concurrency(1) // in order, as long as nothing fails
                .options(options)
                .build();
    }

    @Override
    public MessageBroker unreachableConsumer(ConsumerOptions options) {
        return poller("http://127.0.0.1:1/", "unreachable").options(options).build();
    }

    @Override
    public boolean canStopServer() {
        return true;
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
