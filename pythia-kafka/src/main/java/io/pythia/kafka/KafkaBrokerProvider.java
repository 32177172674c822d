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
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(
            "topic-pattern",
            "partitions",
            "consumer-group",
            "group-instance-id",
            "client-rack",
            "dead-letter-topic",
            "group-protocol",
            "drain-timeout");

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
        if (uri.path().size() > 1 || (uri.path().size() == 1 && uri.hosts().isEmpty())) {
            throw new ConfigException("kafka", "the address is kafka://host:port,host:port/topic");
        }
        if (!uri.hosts().isEmpty()) {
            settings.put("bootstrap-servers", uri.hostList());
        }
        if (!uri.path().isEmpty() && !uri.pathText().isEmpty()) {
            settings.put("topic", uri.pathText());
        }
        if (uri.user() != null) {
            settings.put("sasl-username", uri.user());
        }
        if (uri.password() != null) {
            settings.put("sasl-password", uri.password().reveal());
        }
        return settings;
    }

    /** As in code, certificates encrypt the connection, unless it is said that it is not encrypted. */
    private static KafkaConfig defaults(SettingsReader read) {
        return read.hasCertificates("security-protocol", "plaintext", "sasl-plaintext")
                ? KafkaConfig.builder().securityProtocol(SecurityProtocol.SSL).build()
                : KafkaConfig.defaults();
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        KafkaConsumer.Builder builder =
                KafkaConsumer.builder().options(read).config(read.bind(defaults(read), "batch-size"));
        read.alternatives(List.of("topic"), List.of("topic-pattern"));
        String pattern = read.text("topic-pattern");
        String topic = pattern == null ? notEmpty(read.requiredText("topic")) : read.text("topic");
        read.set("topic", topic, topics -> builder.topics(List.of(topics.split(","))));
        read.set("topic-pattern", pattern, builder::topicPattern);
        String partitions = read.text("partitions");
        read.set("partitions", partitions, text -> builder.partitions(numbers(text)));
        String group = partitions == null ? notEmpty(read.requiredText("consumer-group")) : read.text("consumer-group");
        read.set("consumer-group", group, builder::consumerGroup);
        read.set("group-instance-id", read.text("group-instance-id"), builder::groupInstanceId);
        read.set("client-rack", read.text("client-rack"), builder::clientRack);
        read.set("dead-letter-topic", read.text("dead-letter-topic"), builder::deadLetterTopic);
        read.set("group-protocol", read.read("group-protocol", GroupProtocol.class, null), builder::groupProtocol);
        read.set("drain-timeout", read.read("drain-timeout", Duration.class, null), builder::drainTimeout);
        read.otherSide(ProducerOptions.class, List.of());
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        KafkaProducer.Builder builder = KafkaProducer.builder().options(read).config(read.bind(defaults(read)));
        read.set("topic", notEmpty(read.requiredText("topic")), builder::topic);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }

    private static int[] numbers(String text) {
        try {
            return Arrays.stream(text.split(",", -1))
                    .mapToInt(number -> Integer.parseInt(number.strip()))
                    .toArray();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("must be numbers with commas between", e);
        }
    }

    /** What is missing has been noted already. */
    private static @Nullable String notEmpty(String text) {
        return text.isEmpty() ? null : text;
    }
}
