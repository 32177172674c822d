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
import java.util.Map;
import java.util.Objects;

/** Makes {@code memory} known: {@code memory:orders?consumer-group=billing}. */
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
        if (!uri.hosts().isEmpty()) {
            throw new ConfigException("memory", "the embedded broker has no hosts: its address is memory:topic");
        }
        return uri.pathText().isEmpty() ? Map.of() : Map.of("topic", uri.pathText());
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        MemoryConsumer.Builder builder = MemoryConsumer.builder()
                .options(read.bind(ConsumerOptions.class))
                .topic(read.requiredText("topic"))
                .fromStart(Objects.requireNonNull(read.read("from-start", Boolean.class, true)));
        read.set("consumer-group", read.text("consumer-group"), builder::consumerGroup);
        read.set("dead-letter-topic", read.text("dead-letter-topic"), builder::deadLetterTopic);
        read.set("lease-time", read.read("lease-time", Duration.class, null), builder::leaseTime);
        read.finish();
        return builder.build();
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        // One URL serves both sides of an application: what only a consumer needs is no mistake here.
        read.text("consumer-group");
        MemoryProducer.Builder builder = MemoryProducer.builder()
                .options(read.bind(ProducerOptions.class))
                .topic(read.requiredText("topic"));
        read.finish();
        return builder.build();
    }
}
