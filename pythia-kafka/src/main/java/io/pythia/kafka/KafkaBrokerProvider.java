package io.pythia.kafka;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Ordering;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes {@code kafka} known: {@code kafka://h1:9092,h2:9092/orders?consumer-group=billing}. */
public final class KafkaBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .ordering(Ordering.PARTITION)
            .competing()
            .groups()
            .replay()
            .persistent()
            .headers()
            .keys()
            .maxMessageBytes(1_000_000)
            .build();

    /** For {@link java.util.ServiceLoader}. */
    public KafkaBrokerProvider() {}

    @Override
    public String name() {
        return "kafka";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        Map<String, String> settings = new LinkedHashMap<>();
        if (uri.path().size() > 1 || uri.path().size() == 1 && uri.hosts().isEmpty()) {
            throw new ConfigException("kafka", "the address is kafka://host:port,host:port/topic");
        }
        if (!uri.hosts().isEmpty()) {
            settings.put("bootstrap-servers", uri.hostList());
        }
        if (!uri.path().isEmpty() && !uri.pathText().isEmpty()) {
            settings.put("topic", uri.pathText());
        }
        if (uri.user() != null && uri.password() != null) {
            settings.put("sasl-username", uri.user());
            settings.put("sasl-password", uri.password().reveal());
        }
        return settings;
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        KafkaConsumer.Builder builder = KafkaConsumer.builder()
                .options(read.bind(ConsumerOptions.class))
                .config(read.bind(KafkaConfig.class, "batch-size"));
        String pattern = read.text("topic-pattern");
        set(read, "topic", pattern == null ? read.requiredText("topic") : null,
                topics -> builder.topics(List.of(topics.split(","))));
        set(read, "topic-pattern", pattern, builder::topicPattern);
        set(read, "consumer-group", read.requiredText("consumer-group"), builder::consumerGroup);
        set(read, "group-instance-id", read.text("group-instance-id"), builder::groupInstanceId);
        set(read, "client-rack", read.text("client-rack"), builder::clientRack);
        set(read, "dead-letter-topic", read.text("dead-letter-topic"), builder::deadLetterTopic);
        set(read, "group-protocol", read.read("group-protocol", GroupProtocol.class, null), builder::groupProtocol);
        set(read, "drain-timeout", read.read("drain-timeout", Duration.class, null), builder::drainTimeout);
        read.finish();
        return build("kafka consumer", builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        // A URL serves both sides of an application: what only a consumer needs is no mistake here.
        read.text("consumer-group");
        KafkaProducer.Builder builder = KafkaProducer.builder()
                .options(read.bind(ProducerOptions.class))
                .config(read.bind(KafkaConfig.class));
        set(read, "topic", read.requiredText("topic"), builder::topic);
        read.finish();
        return build("kafka producer", builder::build);
    }

    /** Gives a value to the builder; what it says against it is a problem of that setting. */
    private static <T> void set(
            SettingsReader read, String key, @org.jspecify.annotations.Nullable T value, java.util.function.Consumer<T> setter) {
        if (value == null || value.equals("")) {
            return;
        }
        try {
            setter.accept(value);
        } catch (IllegalArgumentException e) {
            read.problem(key, String.valueOf(e.getMessage()));
        }
    }

    private static <T> T build(String what, java.util.function.Supplier<T> build) {
        try {
            return build.get();
        } catch (IllegalArgumentException e) {
            throw new ConfigException(what, String.valueOf(e.getMessage()));
        }
    }
}
