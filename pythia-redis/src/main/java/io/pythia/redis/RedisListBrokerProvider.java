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

/** Makes {@code redis-list} known: {@code redis-list://localhost:6379/task_queue}; several queues, by priority, with commas. */
public final class RedisListBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = base().build();
    static final Capabilities NACK_TO_QUEUE = base().nack(Support.BROKER).build();
    static final Capabilities AT_MOST_ONCE = base().guarantee(Guarantee.AT_MOST_ONCE)
            .nack(Support.NONE)
            .delayedNack(Support.NONE)
            .build();

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY =
            List.of("timeout", "order", "guarantee", "consumer-name", "dead-after", "nack-target", "dead-letter-queue");

    private static final List<String> PRODUCER_ONLY = List.of("max-length", "overflow");

    /** For {@link java.util.ServiceLoader}. */
    public RedisListBrokerProvider() {}

    private static Capabilities.Builder base() {
        return Capabilities.builder()
                .ordering(Ordering.SOURCE)
                .competing()
                .persistent()
                .maxMessageBytes(RedisConfig.SERVER_LIMIT);
    }

    @Override
    public String name() {
        return "redis-list";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        return RedisSettings.fromUri(uri, "queue");
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisListConsumer.Builder builder =
                RedisListConsumer.builder().options(read).config(RedisSettings.config(read));
        read.set(
                "queue",
                RedisSettings.notEmpty(read.requiredText("queue")),
                queues -> builder.queues(List.of(queues.split(",", -1))));
        read.set("timeout", read.read("timeout", Duration.class, null), builder::timeout);
        read.set("order", read.read("order", ListOrder.class, null), builder::order);
        read.set("guarantee", read.read("guarantee", Guarantee.class, null), builder::guarantee);
        read.set("consumer-name", read.text("consumer-name"), builder::consumerName);
        read.set("dead-after", read.read("dead-after", Duration.class, null), builder::deadAfter);
        read.set("nack-target", read.read("nack-target", NackTarget.class, null), builder::nackTarget);
        read.set("dead-letter-queue", read.text("dead-letter-queue"), builder::deadLetterQueue);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        RedisListProducer.Builder builder =
                RedisListProducer.builder().options(read).config(RedisSettings.config(read));
        read.set("queue", RedisSettings.notEmpty(read.requiredText("queue")), builder::queue);
        read.set("max-length", read.read("max-length", Long.class, null), builder::maxLength);
        read.set("overflow", read.read("overflow", ListOverflow.class, null), builder::overflow);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }
}
