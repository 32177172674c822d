package io.pythia.cloud.aws;

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
import java.util.List;
import java.util.Map;

/** Makes {@code sqs} known: {@code sqs:https://sqs.us-east-1.amazonaws.com/123456789012/my-queue}, also {@code sqs:my-queue}. */
public final class SqsBrokerProvider implements BrokerProvider {
    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY =
            List.of("max-messages", "wait-time", "visibility-timeout", "pollers", "ack-pause", "unwrap-sns");

    private static final List<String> PRODUCER_ONLY = List.of(
            "delay", "message-group", "content-based-deduplication", "max-message-bytes", "message-attributes.*");

    /** For {@link java.util.ServiceLoader}. */
    public SqsBrokerProvider() {}

    @Override
    public String name() {
        return "sqs";
    }

    @Override
    public Capabilities capabilities() {
        return capabilities(false);
    }

    /** Returns what can be done with a queue, a FIFO queue or a standard one. */
    static Capabilities capabilities(boolean fifo) {
        return Capabilities.builder()
                .ordering(fifo ? Ordering.KEY : Ordering.NONE)
                .nack(Support.BROKER)
                .delayedNack(Support.BROKER)
                .leases()
                .competing()
                .persistent()
                .headers()
                .keys()
                .countsAttempts()
                .maxMessageBytes(SqsProducer.MAX_BYTES)
                .build();
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        String path = uri.pathText();
        if (!uri.hosts().isEmpty() || path.isEmpty()) {
            throw new ConfigException("sqs", "the address is sqs:https://host/account/queue, or sqs:queue");
        }
        return Map.of(path.contains("://") ? "queue-url" : "queue-name", path);
    }

    static AwsConfig config(SettingsReader read) {
        read.alternatives(List.of("profile"), List.of("access-key-id", "secret-access-key", "session-token"));
        return read.bind(AwsConfig.class);
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        SqsConsumer.Builder builder = SqsConsumer.builder().options(read).config(config(read));
        read.alternatives(List.of("queue-url"), List.of("queue-name", "queue-owner"));
        read.set("queue-url", read.text("queue-url"), builder::queueUrl);
        read.set("queue-name", read.text("queue-name"), builder::queueName);
        read.set("queue-owner", read.text("queue-owner"), builder::queueOwner);
        read.set("max-messages", read.read("max-messages", Integer.class, null), builder::maxMessages);
        read.set("wait-time", read.read("wait-time", Duration.class, null), builder::waitTime);
        read.set(
                "visibility-timeout",
                read.read("visibility-timeout", Duration.class, null),
                builder::visibilityTimeout);
        read.set("pollers", read.read("pollers", Integer.class, null), builder::pollers);
        read.set("ack-pause", read.read("ack-pause", Duration.class, null), builder::ackPause);
        read.set("missing-queue", read.read("missing-queue", MissingQueue.class, null), builder::missingQueue);
        read.set("unwrap-sns", read.read("unwrap-sns", Boolean.class, null), builder::unwrapSns);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        SqsProducer.Builder builder = SqsProducer.builder().options(read).config(config(read));
        read.alternatives(List.of("queue-url"), List.of("queue-name", "queue-owner"));
        read.set("queue-url", read.text("queue-url"), builder::queueUrl);
        read.set("queue-name", read.text("queue-name"), builder::queueName);
        read.set("queue-owner", read.text("queue-owner"), builder::queueOwner);
        read.set("delay", read.read("delay", Duration.class, null), builder::delay);
        read.set("message-group", read.text("message-group"), builder::messageGroup);
        read.set(
                "content-based-deduplication",
                read.read("content-based-deduplication", Boolean.class, null),
                builder::contentBasedDeduplication);
        read.set("max-message-bytes", read.read("max-message-bytes", Long.class, null), builder::maxMessageBytes);
        read.set("missing-queue", read.read("missing-queue", MissingQueue.class, null), builder::missingQueue);
        read.group("message-attributes")
                .forEach((name, value) -> read.set(
                        "message-attributes." + name,
                        value,
                        text -> builder.messageAttribute(name, MessageAttribute.parse(text))));
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }
}
