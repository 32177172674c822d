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
import java.util.List;
import java.util.Map;

/** Makes {@code redis-pubsub} known: {@code redis-pubsub://localhost:6379/orders,events?patterns=user.*}. */
public final class RedisPubSubBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .guarantee(Guarantee.AT_MOST_ONCE)
            .ordering(Ordering.SOURCE)
            .nack(Support.NONE)
            .delayedNack(Support.NONE)
            .groups()
            .maxMessageBytes(RedisConfig.SERVER_LIMIT)
            .build();

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of("patterns", "buffer-size", "buffer-bytes", "overflow");

    private static final List<String> PRODUCER_ONLY = List.of("require-receivers");

    /** For {@link java.util.ServiceLoader}. */
    public RedisPubSubBrokerProvider() {}

    @Override
    public String name() {
        return "redis-pubsub";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return RedisSettings.fromUri(uri, "channels");
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisPubSubConsumer.Builder builder =
                RedisPubSubConsumer.builder().options(read).config(RedisSettings.config(read));
        String patterns = read.text("patterns");
        String channels = read.text("channels");
        if (patterns == null && channels == null) {
            read.problem("channels", "is missing, and so is patterns");
        }
        read.set("patterns", patterns, text -> builder.patterns(List.of(text.split(",", -1))));
        read.set("channels", channels, text -> builder.channels(List.of(text.split(",", -1))));
        read.set("sharded", read.read("sharded", Boolean.class, null), builder::sharded);
        read.set("buffer-size", read.read("buffer-size", Integer.class, null), builder::bufferSize);
        read.set("buffer-bytes", read.read("buffer-bytes", Long.class, null), builder::bufferBytes);
        read.set("overflow", read.read("overflow", BufferOverflow.class, null), builder::overflow);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisPubSubProducer.Builder builder =
                RedisPubSubProducer.builder().options(read).config(RedisSettings.config(read));
        read.set("channels", RedisSettings.notEmpty(read.requiredText("channels")), channel -> {
            if (channel.indexOf(',') >= 0) {
                throw new IllegalArgumentException("a producer has one channel");
            }
            builder.channel(channel);
        });
        read.set("sharded", read.read("sharded", Boolean.class, null), builder::sharded);
        read.set("require-receivers", read.read("require-receivers", Boolean.class, null), builder::requireReceivers);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }
}
