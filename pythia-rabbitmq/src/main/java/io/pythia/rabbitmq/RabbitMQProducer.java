package io.pythia.rabbitmq;

import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.ProducerOptions;
import io.pythia.spi.SendDriver;
import io.pythia.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends to an exchange, or to a queue by its name. By default a message is persistent, must find a queue, and is sent when the broker has
 * confirmed it.
 *
 * <pre>{@code
 * RabbitMQProducer producer = RabbitMQProducer.builder().exchange("orders").routingKey("orders.new").build();
 * }</pre>
 */
public final class RabbitMQProducer extends AbstractMessageProducer {
    private final RabbitMQProducerSettings settings;

    private RabbitMQProducer(Builder builder) {
        super(
                "rabbitmq:" + (builder.queue == null ? builder.exchange : builder.queue),
                builder,
                builder.optionsForAllTries());
        this.settings = builder.settings(name());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new RabbitMQSender(settings);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        if (message.body().length > settings.config().maxMessageBytes()) {
            return new MessageException(
                    name() + ": a message of " + message.body().length + " bytes is larger than maxMessageBytes, "
                            + settings.config().maxMessageBytes());
        }
        String refusal = message.headers().isEmpty() ? null : RabbitMQMessages.refusal(message);
        return refusal == null ? null : new MessageException(name() + ": " + refusal);
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String exchange;
        private @Nullable String queue;
        private Function<Message, @Nullable String> routingKey = message -> "";
        private boolean routed;
        private ExchangeType exchangeType = ExchangeType.DIRECT;
        private boolean durable = true;
        private QueueType queueType = QueueType.CLASSIC;
        private Map<String, Object> queueArguments = Map.of();
        private RabbitMQConfig config = RabbitMQConfig.defaults();
        private @Nullable String host;
        private @Nullable Integer port;
        private boolean persistent = true;
        private @Nullable Boolean mandatory;
        private boolean confirms = true;
        private @Nullable Function<Message, @Nullable Integer> priority;
        private TopologyPolicy topology = TopologyPolicy.PASSIVE;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the exchange. This or a queue is required. */
        public Builder exchange(String exchange) {
            this.exchange = Names.check("exchange", exchange);
            return this;
        }

        /** Sets the queue to send to, by its name: it need not be bound to any exchange. */
        public Builder queue(String queue) {
            this.queue = Names.check("queue", queue);
            return this;
        }

        /** Sets the routing key of every message. Default: empty. */
        public Builder routingKey(String key) {
            Names.checkLength("routingKey", key);
            return routingKey(message -> key);
        }

        /** Sets how a message's routing key is found, for instance {@code Message::key}. */
        public Builder routingKey(Function<Message, @Nullable String> key) {
            this.routingKey = Objects.requireNonNull(key, "key");
            this.routed = true;
            return this;
        }

        /** Sets the type with which the exchange is declared, if it is. Default: direct. */
        public Builder exchangeType(ExchangeType type) {
            this.exchangeType = Objects.requireNonNull(type, "type");
            return this;
        }

        /** Sets it by its name: {@code direct}, {@code topic}, {@code fanout} or {@code headers}. */
        public Builder exchangeType(String type) {
            return exchangeType(Settings.constant("exchangeType", ExchangeType.class, type));
        }

        /** Sets whether queue or exchange, if declared, outlive the broker. Default: true. */
        public Builder durable(boolean durable) {
            this.durable = durable;
            return this;
        }

        /** Sets the type with which the queue is declared, if it is. Default: classic. */
        public Builder queueType(QueueType type) {
            this.queueType = Objects.requireNonNull(type, "type");
            return this;
        }

        /** Sets the arguments with which the queue is declared, if it is, by the broker's names. Default: none. */
        public Builder queueArguments(Map<String, ?> arguments) {
            this.queueArguments = Map.copyOf(arguments);
            return this;
        }

        /** Sets how to reach the broker. Default: {@link RabbitMQConfig#defaults()}. */
        public Builder config(RabbitMQConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets the broker's host, in place of that of the configuration. */
        public Builder host(String host) {
            this.host = Objects.requireNonNull(host, "host");
            return this;
        }

        /** Sets the broker's port, in place of that of the configuration. */
        public Builder port(int port) {
            this.port = port;
            return this;
        }

        /** Sets whether the broker writes messages to disk; {@code delivery_mode}. Default: true. */
        public Builder persistent(boolean persistent) {
            this.persistent = persistent;
            return this;
        }

        /** Sets whether a message that no queue gets is an error; {@code mandatory}. Default: true, without confirms false. */
        public Builder mandatory(boolean mandatory) {
            this.mandatory = mandatory;
            return this;
        }

        /** Sets whether a message is sent only when the broker has confirmed it; without, when it was written. Default: true. */
        public Builder confirms(boolean confirms) {
            this.confirms = confirms;
            return this;
        }

        /** Sets how a message's priority is found, 0 to 255 or null, for a queue that has priorities. Default: none. */
        public Builder priority(Function<Message, @Nullable Integer> priority) {
            this.priority = Objects.requireNonNull(priority, "priority");
            return this;
        }

        /** Sets what is done about the exchange or the queue. Default: passive, it must exist. */
        public Builder topology(TopologyPolicy policy) {
            this.topology = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public RabbitMQProducer build() {
            if ((exchange == null) == (queue == null)) {
                throw new IllegalArgumentException("one of exchange and queue must be set, and only one");
            }
            if (queue != null && routed) {
                throw new IllegalArgumentException("routingKey needs an exchange: a queue is reached by its name");
            }
            if (!confirms && mandatory != null && mandatory) {
                throw new IllegalArgumentException(
                        "mandatory needs confirms: without, a message that comes back was reported as sent");
            }
            return new RabbitMQProducer(this);
        }

        private ProducerOptions optionsForAllTries() {
            Duration ofOneTry = options().connectTimeout();
            return options().withConnectTimeout(effectiveConfig().connectTimeout(ofOneTry));
        }

        private RabbitMQConfig effectiveConfig() {
            return Names.at(config, host, port);
        }

        private Topology topology() {
            return new Topology(
                    topology,
                    queue == null ? "" : queue,
                    durable,
                    false,
                    false,
                    queueType.with(queueArguments),
                    exchange,
                    exchangeType,
                    List.of(),
                    Map.of(),
                    MissingQueue.FAIL);
        }

        private RabbitMQProducerSettings settings(String name) {
            String toQueue = queue;
            return new RabbitMQProducerSettings(
                    name,
                    effectiveConfig(),
                    options().connectTimeout(),
                    options().sendTimeout(),
                    topology(),
                    exchange == null ? "" : exchange,
                    toQueue == null ? routingKey : message -> toQueue,
                    persistent,
                    mandatory == null ? confirms : mandatory,
                    confirms,
                    priority);
        }
    }
}
