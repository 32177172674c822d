package io.pythia.memory;

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
import org.jspecify.annotations.Nullable;

/** Makes {@code memory} known: {@code memory:orders?consumer-group=billing}, on {@link MemoryBroker#shared()}. */
public final class MemoryBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .ordering(Ordering.SOURCE)
            .nack(Support.BROKER)
            .delayedNack(Support.BROKER)
            .deadLetter(Support.BROKER)
            .leases()
            .competing()
            .groups()
            .replay()
            .persistent()
            .headers()
            .keys()
            .countsAttempts()
            .maxMessageBytes(MemoryConfig.DEFAULT_MAX_MESSAGE_BYTES)
            .build();

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY =
            List.of("consumer-group", "lease-time", "from-start", "dead-letter-topic");

    /** For {@link java.util.ServiceLoader}. */
    public MemoryBrokerProvider() {}

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (!uri.hosts().isEmpty() || uri.user() != null || uri.path().size() > 1) {
            throw new ConfigException("memory", "the address is memory:topic");
        }
        return uri.path().isEmpty() ? Map.of() : Map.of("topic", uri.pathText());
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        MemoryConsumer.Builder builder = MemoryConsumer.builder().options(read);
        read.set("topic", given(read), topics -> builder.topics(List.of(topics.split(",", -1))));
        read.set("consumer-group", read.text("consumer-group"), builder::consumerGroup);
        read.set("lease-time", read.read("lease-time", Duration.class, null), builder::leaseTime);
        read.set("from-start", read.read("from-start", Boolean.class, null), builder::fromStart);
        read.set("dead-letter-topic", read.text("dead-letter-topic"), builder::deadLetterTopic);
        read.otherSide(ProducerOptions.class, List.of());
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        MemoryProducer.Builder builder = MemoryProducer.builder().options(read);
        read.set("topic", given(read), builder::topic);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }

    /** Returns the topic, or null if it is missing: a problem that the reader has then noted. */
    private static @Nullable String given(SettingsReader read) {
        String topic = read.requiredText("topic");
        return topic.isEmpty() ? null : topic;
    }
}
