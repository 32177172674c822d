package io.pythia.cloud.azure;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes {@code storage-queue} known: {@code storage-queue://account/background-tasks}. */
public final class StorageQueueBrokerProvider implements BrokerProvider {
    /** What fits into a message as Base64. */
    private static final long MAX_MESSAGE_BYTES = QueueBody.MAX_TEXT / 4 * 3;

    /** An envelope may have a body that is no text, as Base64 within Base64, and takes a little itself. */
    private static final long MAX_IN_ENVELOPE = MAX_MESSAGE_BYTES / 4 * 3 - 1_024;

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(
            "visibility-timeout",
            "message-count",
            "min-poll-interval",
            "max-poll-interval",
            "max-dequeue-count",
            "poison-queue");

    private static final List<String> PRODUCER_ONLY = List.of("time-to-live", "delay");

    /** For {@link java.util.ServiceLoader}. */
    public StorageQueueBrokerProvider() {}

    @Override
    public String name() {
        return "storage-queue";
    }

    @Override
    public Capabilities capabilities() {
        return capabilities(false, false); // the poison queue is this library's, not the service's
    }

    /**
     * Returns what a consumer can do.
     *
     * @param envelope whether messages come in an envelope
     * @param poisonQueue whether the driver puts rejected messages to its poison queue
     */
    static Capabilities capabilities(boolean envelope, boolean poisonQueue) {
        Capabilities.Builder can = Capabilities.builder()
                .nack(Support.BROKER)
                .delayedNack(Support.BROKER)
                .deadLetter(poisonQueue ? Support.BROKER : Support.ENGINE)
                .leases()
                .competing()
                .persistent()
                .countsAttempts()
                .maxMessageBytes(envelope ? MAX_IN_ENVELOPE : MAX_MESSAGE_BYTES);
        return (envelope ? can.headers().keys() : can).build();
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (uri.hosts().size() > 1 || uri.user() != null || uri.path().size() > 1) {
            throw new ConfigException(
                    "storage-queue",
                    "the address is storage-queue://account/queue, to be signed in to by Entra ID; with the setting connection-string it"
                            + " is storage-queue:queue");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        if (!uri.hosts().isEmpty()) {
            settings.put("namespace", uri.hostList());
        }
        if (!uri.pathText().isEmpty()) {
            settings.put("queue-name", uri.pathText());
        }
        return settings;
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        StorageQueueConsumer.Builder builder =
                StorageQueueConsumer.builder().options(read).config(ServiceBusBrokerProvider.config(read));
        read.set("queue-name", notEmpty(read.requiredText("queue-name")), builder::queueName);
        read.set(
                "visibility-timeout",
                read.read("visibility-timeout", Duration.class, null),
                builder::visibilityTimeout);
        read.set("message-count", read.read("message-count", Integer.class, null), builder::messageCount);
        read.set("min-poll-interval", read.read("min-poll-interval", Duration.class, null), builder::minPollInterval);
        read.set("max-poll-interval", read.read("max-poll-interval", Duration.class, null), builder::maxPollInterval);
        read.set("max-dequeue-count", read.read("max-dequeue-count", Integer.class, null), builder::maxDequeueCount);
        read.set("poison-queue", read.text("poison-queue"), builder::poisonQueue);
        read.set("encoding", read.read("encoding", QueueEncoding.class, null), builder::encoding);
        read.set("envelope", read.read("envelope", Boolean.class, null), builder::envelope);
        read.set("create-queue", read.read("create-queue", Boolean.class, null), builder::createQueue);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        StorageQueueProducer.Builder builder =
                StorageQueueProducer.builder().options(read).config(ServiceBusBrokerProvider.config(read));
        read.set("queue-name", notEmpty(read.requiredText("queue-name")), builder::queueName);
        read.set("encoding", read.read("encoding", QueueEncoding.class, null), builder::encoding);
        read.set("envelope", read.read("envelope", Boolean.class, null), builder::envelope);
        read.set("create-queue", read.read("create-queue", Boolean.class, null), builder::createQueue);
        read.set("time-to-live", read.read("time-to-live", Duration.class, null), builder::timeToLive);
        read.set("delay", read.read("delay", Duration.class, null), builder::delay);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }

    /** What is missing has been noted already. */
    private static @Nullable String notEmpty(String text) {
        return text.isEmpty() ? null : text;
    }
}
