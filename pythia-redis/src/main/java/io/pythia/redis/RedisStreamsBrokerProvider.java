package io.pythia.redis;

import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.Capabilities.Ordering;
import io.pythia.spi.Capabilities.Support;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes {@code redis-streams} known: {@code redis-streams://localhost:6379/orders?consumer-group=billing&consumer-name=w1}. */
public final class RedisStreamsBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = capabilities(Guarantee.AT_LEAST_ONCE);
    static final Capabilities AT_MOST_ONCE = capabilities(Guarantee.AT_MOST_ONCE);

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(
            "consumer-group",
            "consumer-name",
            "block-time",
            "start-id",
            "no-group",
            "claim-min-idle",
            "no-ack",
            "dead-letter-stream");

    private static final List<String> PRODUCER_ONLY = List.of("max-length", "min-id", "max-age", "approximate");

    /** For {@link java.util.ServiceLoader}. */
    public RedisStreamsBrokerProvider() {}

    private static Capabilities capabilities(Guarantee guarantee) {
        Capabilities.Builder builder = Capabilities.builder()
                .guarantee(guarantee)
                .ordering(Ordering.SOURCE)
                .competing()
                .groups()
                .replay()
                .persistent()
                .headers()
                .keys()
                .maxMessageBytes(RedisConfig.SERVER_LIMIT);
        return guarantee == Guarantee.AT_LEAST_ONCE
                ? builder.leases().countsAttempts().build()
                : builder.nack(Support.NONE).delayedNack(Support.NONE).build();
    }

    @Override
    public String name() {
        return "redis-streams";
    }

    @Override
    public Set<String> aliases() {
        return Set.of("redis");
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return RedisSettings.fromUri(uri, "stream");
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisStreamsConsumer.Builder builder =
                RedisStreamsConsumer.builder().options(read).config(RedisSettings.config(read));
        read.set("stream", RedisSettings.notEmpty(read.requiredText("stream")), builder::stream);
        read.set("consumer-group", RedisSettings.notEmpty(read.requiredText("consumer-group")), builder::consumerGroup);
        read.set("consumer-name", read.text("consumer-name"), builder::consumerName);
        read.set("block-time", read.read("block-time", Duration.class, null), builder::blockTime);
        read.set("start-id", read.text("start-id"), builder::startId);
        read.set("no-group", read.read("no-group", NoGroupPolicy.class, null), builder::noGroup);
        read.set("claim-min-idle", read.read("claim-min-idle", Duration.class, null), builder::claimMinIdle);
        read.set("no-ack", read.read("no-ack", Boolean.class, null), builder::noAck);
        read.set("body-field", read.text("body-field"), builder::bodyField);
        read.set("dead-letter-stream", read.text("dead-letter-stream"), builder::deadLetterStream);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisStreamsProducer.Builder builder =
                RedisStreamsProducer.builder().options(read).config(RedisSettings.config(read));
        read.set("stream", RedisSettings.notEmpty(read.requiredText("stream")), builder::stream);
        read.alternatives(List.of("max-length"), List.of("min-id"), List.of("max-age"));
        read.set("max-length", read.read("max-length", Long.class, null), builder::maxLength);
        read.set("min-id", read.text("min-id"), builder::minId);
        read.set("max-age", read.read("max-age", Duration.class, null), builder::maxAge);
        read.set("approximate", read.read("approximate", Boolean.class, null), builder::approximate);
        read.set("body-field", read.text("body-field"), builder::bodyField);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }
}
