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
import java.util.function.Consumer;
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
        MemoryConsumer.Builder builder = MemoryConsumer.builder().options(read.bind(ConsumerOptions.class));
        set(read, "topic", read.requiredText("topic"), topics -> builder.topics(List.of(topics.split(",", -1))));
        set(read, "consumer-group", read.text("consumer-group"), builder::consumerGroup);
        set(read, "lease-time", read.read("lease-time", Duration.class, null), builder::leaseTime);
        set(read, "from-start", read.read("from-start", Boolean.class, null), builder::fromStart);
        set(read, "dead-letter-topic", read.text("dead-letter-topic"), builder::deadLetterTopic);
        read.finish();
        try {
            return builder.build();
        } catch (IllegalArgumentException e) {
            throw new ConfigException("memory consumer", String.valueOf(e.getMessage()));
        }
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        // A URL serves both sides of an application: what only a consumer needs is no mistake here.
        read.text("consumer-group");
        MemoryProducer.Builder builder = MemoryProducer.builder().options(read.bind(ProducerOptions.class));
        set(read, "topic", read.requiredText("topic"), builder::topic);
        read.finish();
        return builder.build();
    }

    /** Gives a value to the builder; what it says against it is a problem of that setting. */
    private static <T> void set(SettingsReader read, String key, @Nullable T value, Consumer<T> setter) {
        if (value == null || value.equals("")) {
            return;
        }
        try {
            setter.accept(value);
        } catch (IllegalArgumentException e) {
            read.problem(key, String.valueOf(e.getMessage()));
        }
    }
}
