package io.pythia.rabbitmq;

import io.pythia.ConfigException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes {@code rabbitmq} known: {@code rabbitmq://guest:guest@localhost:5672/%2F?queue=orders}, also {@code amqp} and {@code amqps}. */
public final class RabbitMQBrokerProvider implements BrokerProvider {
    private static final String TLS_SCHEME = "amqps";

    /** A URL serves both sides of an application: what only the other one needs is no mistake. */
    private static final List<String> CONSUMER_ONLY = List.of(
            "prefetch-count",
            "auto-ack",
            "consumer-timeout",
            "missing-queue",
            "consumer-priority",
            "binding-arguments",
            "exclusive",
            "auto-delete",
            "single-active-consumer",
            "max-priority",
            "delivery-limit",
            "dead-letter-exchange",
            "dead-letter-routing-key",
            "dead-letter-queue");

    private static final List<String> PRODUCER_ONLY = List.of("persistent", "mandatory", "confirms");

    /** For {@link java.util.ServiceLoader}. */
    public RabbitMQBrokerProvider() {}

    @Override
    public String name() {
        return "rabbitmq";
    }

    @Override
    public Set<String> aliases() {
        return Set.of("amqp", TLS_SCHEME);
    }

    @Override
    public Map<String, String> impliedBy(String alias) {
        return alias.equals(TLS_SCHEME) ? Map.of("ssl-enabled", "true") : Map.of();
    }

    @Override
    public Capabilities capabilities() {
        return capabilities(false, false, false, RabbitMQConfig.MAX_MESSAGE_BYTES);
    }

    /**
     * Returns what a consumer can do.
     *
     * @param counts whether the broker counts deliveries, as a quorum queue does
     * @param deadLetters whether the broker has somewhere to put rejected messages
     * @param atMostOnce whether messages are acknowledged before they are given out
     * @param maxBytes the largest body
     */
    static Capabilities capabilities(boolean counts, boolean deadLetters, boolean atMostOnce, long maxBytes) {
        Capabilities.Builder can = Capabilities.builder()
                .guarantee(atMostOnce ? Guarantee.AT_MOST_ONCE : Guarantee.AT_LEAST_ONCE)
                .ordering(Ordering.SOURCE)
                .nack(counts ? Support.BROKER : Support.ENGINE)
                .deadLetter(deadLetters ? Support.BROKER : Support.ENGINE)
                .competing()
                .groups()
                .persistent()
                .headers()
                .keys()
                .maxMessageBytes(maxBytes);
        return (counts ? can.countsAttempts() : can).build();
    }

    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (uri.path().size() > 1) {
            throw new ConfigException(
                    "rabbitmq",
                    "the address is rabbitmq://user:password@host:port/virtual-host; a / in the virtual host is written as %2F");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        if (!uri.hosts().isEmpty()) {
            settings.put("addresses", String.join(",", uri.hosts()));
        }
        if (!uri.pathText().isEmpty()) {
            settings.put("virtual-host", uri.pathText());
        }
        if (uri.user() != null) {
            settings.put("username", uri.user());
        }
        if (uri.password() != null) {
            settings.put("password", uri.password().reveal());
        }
        return settings;
    }

    /** As in code, certificates encrypt the connection, unless it is said that it is not encrypted. */
    private static RabbitMQConfig config(SettingsReader read) {
        read.alternatives(List.of("addresses"), List.of("host", "port"));
        return read.bind(RabbitMQConfig.builder()
                .sslEnabled(read.hasCertificates("ssl-enabled", "false"))
                .build());
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        RabbitMQConsumer.Builder builder =
                RabbitMQConsumer.builder().options(read).config(config(read));
        read.set("queue", notEmpty(read.requiredText("queue")), builder::queue);
        read.set("exchange", read.text("exchange"), builder::exchange);
        read.set("exchange-type", read.read("exchange-type", ExchangeType.class, null), builder::exchangeType);
        read.set("routing-key", read.text("routing-key"), keys -> builder.routingKeys(List.of(keys.split(",", -1))));
        read.set("binding-arguments", arguments(read, "binding-arguments"), builder::bindingArguments);
        read.set("prefetch-count", read.read("prefetch-count", Integer.class, null), builder::prefetchCount);
        read.set("auto-ack", read.read("auto-ack", Boolean.class, null), builder::autoAck);
        read.set("consumer-timeout", read.read("consumer-timeout", Duration.class, null), builder::consumerTimeout);
        read.set("topology", read.read("topology", TopologyPolicy.class, null), builder::topology);
        read.set("missing-queue", read.read("missing-queue", MissingQueue.class, null), builder::missingQueue);
        read.set("consumer-priority", read.read("consumer-priority", Integer.class, null), builder::consumerPriority);
        read.set("dead-letter-queue", read.text("dead-letter-queue"), builder::deadLetterQueue);
        readQueue(read, builder);
        read.otherSide(ProducerOptions.class, PRODUCER_ONLY);
        return read.finish(builder::build);
    }

    /** The properties with which the queue is declared. */
    private static void readQueue(SettingsReader read, RabbitMQConsumer.Builder builder) {
        read.set("durable", read.read("durable", Boolean.class, null), builder::durable);
        read.set("exclusive", read.read("exclusive", Boolean.class, null), builder::exclusive);
        read.set("auto-delete", read.read("auto-delete", Boolean.class, null), builder::autoDelete);
        read.set("queue-type", read.read("queue-type", QueueType.class, null), builder::queueType);
        read.set(
                "single-active-consumer",
                read.read("single-active-consumer", Boolean.class, null),
                builder::singleActiveConsumer);
        read.set("max-priority", read.read("max-priority", Integer.class, null), builder::maxPriority);
        read.set("delivery-limit", read.read("delivery-limit", Integer.class, null), builder::deliveryLimit);
        read.set("dead-letter-exchange", read.text("dead-letter-exchange"), builder::deadLetterExchange);
        read.set("dead-letter-routing-key", read.text("dead-letter-routing-key"), builder::deadLetterRoutingKey);
        read.set("queue-arguments", arguments(read, "queue-arguments"), builder::queueArguments);
    }

    @Override
    public MessageProducer producer(Settings settings) {
        SettingsReader read = settings.reader();
        RabbitMQProducer.Builder builder =
                RabbitMQProducer.builder().options(read).config(config(read));
        // An exchange of the environment is for those that name neither.
        read.goesBefore("queue", "exchange", "exchange-type", "routing-key");
        String exchange = read.text("exchange");
        String queue = read.text("queue");
        String routingKey = read.text("routing-key");
        read.set("exchange", exchange, builder::exchange);
        if (exchange == null) {
            read.set("queue", queue == null ? notEmpty(read.requiredText("queue")) : queue, builder::queue);
        } else { // the queue is the consumer's
            read.set("routing-key", routingKey, builder::routingKey);
        }
        read.set("exchange-type", read.read("exchange-type", ExchangeType.class, null), builder::exchangeType);
        read.set("durable", read.read("durable", Boolean.class, null), builder::durable);
        read.set("persistent", read.read("persistent", Boolean.class, null), builder::persistent);
        read.set("mandatory", read.read("mandatory", Boolean.class, null), builder::mandatory);
        read.set("confirms", read.read("confirms", Boolean.class, null), builder::confirms);
        read.set("topology", read.read("topology", TopologyPolicy.class, null), builder::topology);
        read.set("queue-type", read.read("queue-type", QueueType.class, null), builder::queueType);
        read.set("queue-arguments", arguments(read, "queue-arguments"), builder::queueArguments);
        read.otherSide(ConsumerOptions.class, CONSUMER_ONLY);
        return read.finish(builder::build);
    }

    /** Returns {@code name=value} pairs with commas between; whole numbers, true and false are no texts for the broker. */
    private static @Nullable Map<String, Object> arguments(SettingsReader read, String key) {
        List<?> pairs = read.read(key, List.class, null);
        if (pairs == null) {
            return null;
        }
        Map<String, Object> arguments = new LinkedHashMap<>();
        for (Object each : pairs) {
            String pair = String.valueOf(each);
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                read.problem(key, "must be name=value with commas between");
                return null;
            }
            arguments.put(pair.substring(0, equals), typed(pair.substring(equals + 1)));
        }
        return arguments;
    }

    static Object typed(String value) {
        if (value.equals("true") || value.equals("false")) {
            return Boolean.valueOf(value);
        }
        try {
            return Long.valueOf(value);
        } catch (NumberFormatException e) {
            return value;
        }
    }

    /** What is missing has been noted already. */
    private static @Nullable String notEmpty(String text) {
        return text.isEmpty() ? null : text;
    }
}
