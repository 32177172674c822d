package io.pythia.cloud.azure;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Ordering;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes {@code servicebus} known: {@code servicebus://namespace/orders}, {@code servicebus://namespace/topic/subscriptions/name}. */
public final class ServiceBusBrokerProvider implements BrokerProvider {
    /** What a queue takes in the standard tier, less what headers and the envelope may need. */
    private static final long MAX_MESSAGE_BYTES = 240_000;

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(
            "subscription-name",
            "sub-queue",
            "max-messages",
            "max-wait-time",
            "prefetch-count",
            "lock-duration",
            "session-id",
            "silent-after");

    private static final List<String> PRODUCER_ONLY = List.of("time-to-live", "delay");

    /** For {@link java.util.ServiceLoader}. */
    public ServiceBusBrokerProvider() {}

    @Override
    public String name() {
        return "servicebus";
    }

    @Override
    public Capabilities capabilities() {
        return capabilities(false);
    }

    /**
     * Returns what a consumer can do.
     *
     * @param sessions whether it consumes sessions
     */
    static Capabilities capabilities(boolean sessions) {
        return Capabilities.builder()
                .ordering(sessions ? Ordering.KEY : Ordering.NONE)
                .nack(Support.BROKER)
                .deadLetter(Support.BROKER)
                .leases()
                .competing()
                .groups()
                .persistent()
                .headers()
                .keys()
                .countsAttempts()
                .maxMessageBytes(MAX_MESSAGE_BYTES)
                .build();
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        List<String> path = uri.path();
        boolean subscription = path.size() == 3 && path.get(1).equalsIgnoreCase("subscriptions");
        if (uri.hosts().size() > 1 || uri.user() != null || (path.size() > 1 && !subscription)) {
            throw new ConfigException(
                    "servicebus",
                    "the address is servicebus://namespace/queue or servicebus://namespace/topic/subscriptions/name,"
                            + " to be signed in to by Entra ID; with the setting connection-string it is"
                            + " servicebus:queue");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        if (!uri.hosts().isEmpty()) {
            settings.put("namespace", uri.hostList());
        }
        if (subscription) {
            settings.put("topic-name", path.get(0));
            settings.put("subscription-name", path.get(2));
        } else if (!uri.pathText().isEmpty()) {
            settings.put("queue-name", uri.pathText());
        }
        return settings;
    }

    static AzureConfig config(SettingsReader read) {
        read.alternatives(
                List.of("connection-string"), List.of("namespace", "tenant-id", "client-id", "client-secret"));
        return read.bind(AzureConfig.class);
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        ServiceBusConsumer.Builder builder =
                ServiceBusConsumer.builder().options(read).config(config(read));
        read.alternatives(List.of("queue-name"), List.of("topic-name", "subscription-name"));
        read.set("queue-name", read.text("queue-name"), builder::queueName);
        read.set("topic-name", read.text("topic-name"), builder::topicName);
        read.set("subscription-name", read.text("subscription-name"), builder::subscriptionName);
        read.set("sub-queue", read.read("sub-queue", SubQueue.class, null), builder::subQueue);
        read.set("max-messages", read.read("max-messages", Integer.class, null), builder::maxMessages);
        read.set("max-wait-time", read.read("max-wait-time", Duration.class, null), builder::maxWaitTime);
        read.set("prefetch-count", read.read("prefetch-count", Integer.class, null), builder::prefetchCount);
        read.set("lock-duration", read.read("lock-duration", Duration.class, null), builder::lockDuration);
        read.set("sessions", read.read("sessions", Integer.class, null), builder::sessions);
        read.set("session-id", read.text("session-id"), builder::sessionId);
        read.set("silent-after", read.read("silent-after", Duration.class, null), builder::silentAfter);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        ServiceBusProducer.Builder builder =
                ServiceBusProducer.builder().options(read).config(config(read));
        read.alternatives(List.of("queue-name"), List.of("topic-name", "subscription-name"));
        read.set("queue-name", read.text("queue-name"), builder::queueName);
        read.set("topic-name", read.text("topic-name"), builder::topicName);
        // The consumer's number of sessions; here it matters whether there are any.
        read.set("sessions", read.read("sessions", Integer.class, null), sessions -> builder.sessions(sessions > 0));
        read.set("time-to-live", read.read("time-to-live", Duration.class, null), builder::timeToLive);
        read.set("delay", read.read("delay", Duration.class, null), builder::delay);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }
}
