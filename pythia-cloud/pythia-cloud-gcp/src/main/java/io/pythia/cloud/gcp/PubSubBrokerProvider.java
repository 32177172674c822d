package io.pythia.cloud.gcp;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes {@code pubsub} known: {@code pubsub://my-project/my-subscription}, for a producer {@code pubsub://my-project/my-topic}. */
public final class PubSubBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .ordering(Capabilities.Ordering.KEY)
            .nack(Capabilities.Support.BROKER)
            .delayedNack(Capabilities.Support.BROKER)
            .leases()
            .competing()
            .groups()
            .persistent()
            .headers()
            .keys()
            .maxMessageBytes(PubSubMessages.MAX_BYTES)
            .build();

    private static final String NAME = "pubsub";
    private static final String SUBSCRIPTION = "subscription-name";
    private static final String TOPIC = "topic-name";

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(SUBSCRIPTION, "max-messages", "ack-deadline");

    private static final List<String> PRODUCER_ONLY =
            List.of(TOPIC, "ordering-key", "max-request-bytes", "attributes.*");

    /** For {@link java.util.ServiceLoader}. */
    public PubSubBrokerProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (uri.hosts().size() != 1 || uri.path().size() != 1 || uri.user() != null) {
            throw new ConfigException(
                    NAME, "the address is pubsub://project/subscription, for a producer pubsub://project/topic");
        }
        Map<String, String> settings =
                new HashMap<>(Map.of("project-id", uri.hosts().get(0)));
        // The path is the subscription of a consumer and the topic of a producer, unless a setting says another.
        SettingsReader given = Settings.of(NAME, uri.settings()).reader();
        for (String key : List.of(SUBSCRIPTION, TOPIC)) {
            if (given.text(key) == null) {
                settings.put(key, uri.pathText());
            }
        }
        return settings;
    }

    private static GcpConfig config(SettingsReader read) {
        read.alternatives(List.of("emulator-host"), List.of("endpoint", "credentials-path"));
        return read.bind(GcpConfig.class);
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        PubSubSubscriber.Builder builder =
                PubSubSubscriber.builder().options(read).config(config(read));
        read.set(SUBSCRIPTION, read.requiredText(SUBSCRIPTION), builder::subscriptionName);
        read.set("max-messages", read.read("max-messages", Integer.class, null), builder::maxMessages);
        read.set("ack-deadline", read.read("ack-deadline", Duration.class, null), builder::ackDeadline);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        PubSubPublisher.Builder builder =
                PubSubPublisher.builder().options(read).config(config(read));
        read.set(TOPIC, read.requiredText(TOPIC), builder::topicName);
        read.set("ordering-key", read.text("ordering-key"), builder::orderingKey);
        read.set("max-request-bytes", read.read("max-request-bytes", Integer.class, null), builder::maxRequestBytes);
        attributes(read, builder);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }

    /** Reads {@code attributes.<name>=<value>}. */
    private static void attributes(SettingsReader read, PubSubPublisher.Builder builder) {
        Map<String, String> attributes = read.group("attributes");
        if (!attributes.isEmpty()) {
            try {
                builder.attributes(attributes);
            } catch (IllegalArgumentException e) {
                read.problem(String.valueOf(e.getMessage()));
            }
        }
    }
}
