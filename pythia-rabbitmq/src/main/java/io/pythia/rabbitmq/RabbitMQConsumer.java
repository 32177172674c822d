package io.pythia.rabbitmq;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Settings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Consumes a queue; declares it, and its binding to an exchange, if it may.
 *
 * <pre>{@code
 * RabbitMQConsumer consumer = RabbitMQConsumer.builder()
 *         .queue("order_processing").exchange("orders").exchangeType("topic").routingKey("orders.new").build();
 * }</pre>
 */
public final class RabbitMQConsumer extends AbstractMessageBroker<RabbitMQMessage> {
    private final RabbitMQConsumerSettings settings;
    private final @Nullable Duration consumerTimeout;

    private RabbitMQConsumer(Builder builder) {
        super("rabbitmq:" + builder.queue, builder.capabilities(), builder, builder.optionsForAllTries());
        this.settings = builder.settings(name(), options().maxInFlight());
        this.consumerTimeout = builder.autoAck ? null : builder.consumerTimeout;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<RabbitMQMessage> newDriver() {
        return new RabbitMQReceiver(settings);
    }

    @Override
    public @Nullable Duration longestHold() {
        return consumerTimeout;
    }

    /** Returns the open session's driver, for tests. */
    @Nullable
    RabbitMQReceiver receiver() {
        return driver() instanceof RabbitMQReceiver receiver ? receiver : null;
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final int MAX_PREFETCH = 65_535;

        private @Nullable String queue;
        private @Nullable String exchange;
        private List<String> routingKeys = List.of();
        private ExchangeType exchangeType = ExchangeType.DIRECT;
        private Map<String, Object> bindingArguments = Map.of();
        private RabbitMQConfig config = RabbitMQConfig.defaults();
        private @Nullable String host;
        private @Nullable Integer port;
        private int prefetchCount = 250;
        private boolean autoAck;
        private Duration consumerTimeout = Duration.ofMinutes(30);
        private boolean durable = true;
        private boolean exclusive;
        private boolean autoDelete;
        private QueueType queueType = QueueType.CLASSIC;
        private boolean singleActiveConsumer;
        private @Nullable Integer consumerPriority;
        private @Nullable Integer maxPriority;
        private @Nullable Integer deliveryLimit;
        private @Nullable String deadLetterExchange;
        private @Nullable String deadLetterRoutingKey;
        private @Nullable String deadLetterQueue;
        private Map<String, Object> queueArguments = Map.of();
        private TopologyPolicy topology = TopologyPolicy.DECLARE;
        private MissingQueue missingQueue = MissingQueue.FAIL;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the queue, at most 255 bytes. Required. */
        public Builder queue(String queue) {
            this.queue = Names.check("queue", queue);
            return this;
        }

        /** Sets the exchange that the queue is bound to. Default: none, the queue is reached by its name. */
        public Builder exchange(String exchange) {
            this.exchange = Names.check("exchange", exchange);
            return this;
        }

        /** Sets the key of the binding. Default: empty, for a topic exchange {@code #}. */
        public Builder routingKey(String key) {
            return routingKeys(List.of(key));
        }

        /** Sets the keys of several bindings. */
        public Builder routingKeys(List<String> keys) {
            keys.forEach(key -> Names.checkLength("routingKey", key));
            this.routingKeys = List.copyOf(keys);
            return this;
        }

        /** Sets how the exchange chooses queues. Default: direct. */
        public Builder exchangeType(ExchangeType type) {
            this.exchangeType = Objects.requireNonNull(type, "type");
            return this;
        }

        /** Sets how the exchange chooses queues: {@code direct}, {@code topic}, {@code fanout} or {@code headers}. */
        public Builder exchangeType(String type) {
            return exchangeType(Settings.constant("exchangeType", ExchangeType.class, type));
        }

        /** Sets the arguments of the binding, for a headers exchange what it compares: {@code x-match}, names and values. Default: none. */
        public Builder bindingArguments(Map<String, ?> arguments) {
            this.bindingArguments = Map.copyOf(arguments);
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

        /**
         * Sets how many unsettled messages the broker pushes; {@code basic.qos}. Not more than {@code maxInFlight} are, so that what one
         * consumer may not handle goes to another. Default: 250.
         */
        public Builder prefetchCount(int count) {
            if (count < 1 || count > MAX_PREFETCH) {
                throw new IllegalArgumentException(
                        "prefetchCount must be between 1 and 65535, but is " + count + "; 0 would be no limit");
            }
            this.prefetchCount = count;
            return this;
        }

        /**
         * Sets whether messages are acknowledged before they are given out: at most once, and {@code ack} does nothing. The broker's own
         * {@code no-ack} is not used: with it the prefetch count binds nothing, and the broker ends a connection that doesn't read. Default: false.
         */
        public Builder autoAck(boolean autoAck) {
            this.autoAck = autoAck;
            return this;
        }

        /**
         * Says how long the broker lets a message be unsettled before it closes the channel; its {@code consumer_timeout}. It can't be asked
         * for that: a {@code Worker} warns when its {@code handlerTimeout} is longer. Default: the broker's default, 30 minutes.
         */
        public Builder consumerTimeout(Duration timeout) {
            if (timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("consumerTimeout must be more than zero, but is " + timeout);
            }
            this.consumerTimeout = timeout;
            return this;
        }

        /** Sets whether queue and exchange, as they are declared, outlive the broker. Default: true. */
        public Builder durable(boolean durable) {
            this.durable = durable;
            return this;
        }

        /** Sets whether only this connection may use the queue, which is deleted with it. Default: false. */
        public Builder exclusive(boolean exclusive) {
            this.exclusive = exclusive;
            return this;
        }

        /** Sets whether the queue is deleted with its last consumer. Default: false. */
        public Builder autoDelete(boolean autoDelete) {
            this.autoDelete = autoDelete;
            return this;
        }

        /** Sets how the broker keeps the queue; {@code x-queue-type}. Default: classic. */
        public Builder queueType(QueueType type) {
            this.queueType = Objects.requireNonNull(type, "type");
            return this;
        }

        /** Sets whether only one consumer at a time gets messages; {@code x-single-active-consumer}. Default: false. */
        public Builder singleActiveConsumer(boolean single) {
            this.singleActiveConsumer = single;
            return this;
        }

        /** Sets the priority of this consumer: others get messages while it is busy; {@code x-priority}. Default: 0. */
        public Builder consumerPriority(int priority) {
            this.consumerPriority = priority;
            return this;
        }

        /** Sets how many priorities of messages the queue has, 1 to 255; {@code x-max-priority}. Default: none. */
        public Builder maxPriority(int priority) {
            if (priority < 1 || priority > 255) {
                throw new IllegalArgumentException("maxPriority must be between 1 and 255, but is " + priority);
            }
            this.maxPriority = priority;
            return this;
        }

        /** Sets how often a quorum queue delivers a message again before it rejects it; {@code x-delivery-limit}. Default: the broker's. */
        public Builder deliveryLimit(int limit) {
            if (limit < 0) {
                throw new IllegalArgumentException("deliveryLimit must not be negative, but is " + limit);
            }
            this.deliveryLimit = limit;
            return this;
        }

        /**
         * Sets where the broker puts rejected messages; {@code x-dead-letter-exchange}, empty for the default exchange. Where the queue is
         * not declared here, this says that it has one. Default: none, rejected messages go to the engine's dead letters.
         */
        public Builder deadLetterExchange(String exchange) {
            Names.checkLength("deadLetterExchange", exchange);
            this.deadLetterExchange = exchange;
            return this;
        }

        /** Sets with what key it does; {@code x-dead-letter-routing-key}. Default: the message's own. */
        public Builder deadLetterRoutingKey(String key) {
            Names.checkLength("deadLetterRoutingKey", key);
            this.deadLetterRoutingKey = key;
            return this;
        }

        /**
         * Sets the queue for rejected messages that the engine sends there, with the reason in a header; it must exist. The consumer makes
         * a producer for it and closes it. Default: none.
         */
        public Builder deadLetterQueue(String queue) {
            this.deadLetterQueue = Names.check("deadLetterQueue", queue);
            return this;
        }

        /** Sets other arguments of the queue, by the broker's names: numbers, booleans and texts. Default: none. */
        public Builder queueArguments(Map<String, ?> arguments) {
            this.queueArguments = Map.copyOf(arguments);
            return this;
        }

        /** Sets what is done about the queue, the exchange and the binding. Default: declare. */
        public Builder topology(TopologyPolicy policy) {
            this.topology = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /** Sets what happens when the queue is missing and not declared here. Default: fail. */
        public Builder missingQueue(MissingQueue missing) {
            this.missingQueue = Objects.requireNonNull(missing, "missing");
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public RabbitMQConsumer build() {
            if (queue == null) {
                throw new IllegalArgumentException("queue must be set");
            }
            if (exchange == null && !(routingKeys.isEmpty() && bindingArguments.isEmpty())) {
                throw new IllegalArgumentException("routingKey and bindingArguments need an exchange to bind to");
            }
            if (deadLetterRoutingKey != null && deadLetterExchange == null) {
                throw new IllegalArgumentException(
                        "deadLetterRoutingKey needs a deadLetterExchange, which may be empty");
            }
            checkQueueType();
            if (deadLetterQueue != null) {
                ownDeadLetter(RabbitMQProducer.builder().queue(deadLetterQueue).config(effectiveConfig())::build);
            }
            return new RabbitMQConsumer(this);
        }

        private ConsumerOptions optionsForAllTries() {
            Duration ofOneTry = options().connectTimeout();
            return options().withConnectTimeout(effectiveConfig().connectTimeout(ofOneTry));
        }

        private void checkQueueType() {
            boolean quorum = queueType == QueueType.QUORUM;
            if (quorum && (!durable || exclusive || autoDelete || maxPriority != null)) {
                throw new IllegalArgumentException(
                        "a quorum queue is durable, and neither exclusive nor autoDelete, and has no maxPriority");
            }
            if (!quorum && deliveryLimit != null) {
                throw new IllegalArgumentException("deliveryLimit needs the queueType QUORUM: others don't count");
            }
        }

        private RabbitMQConfig effectiveConfig() {
            return Names.at(config, host, port);
        }

        /** What this consumer can do depends on its queue. */
        private Capabilities capabilities() {
            return RabbitMQBrokerProvider.capabilities(
                    !autoAck && queueType == QueueType.QUORUM,
                    !autoAck && deadLetterExchange != null,
                    autoAck,
                    effectiveConfig().maxMessageBytes());
        }

        private Map<String, Object> allQueueArguments() {
            Map<String, Object> all = queueType.with(queueArguments);
            if (singleActiveConsumer) {
                all.put("x-single-active-consumer", true);
            }
            put(all, "x-max-priority", maxPriority);
            put(all, "x-delivery-limit", deliveryLimit);
            put(all, "x-dead-letter-exchange", deadLetterExchange);
            put(all, "x-dead-letter-routing-key", deadLetterRoutingKey);
            return all;
        }

        private static void put(Map<String, Object> arguments, String name, @Nullable Object value) {
            if (value != null) {
                arguments.put(name, value);
            }
        }

        private List<String> bindingKeys() {
            if (!routingKeys.isEmpty()) {
                return routingKeys;
            }
            return List.of(exchangeType == ExchangeType.TOPIC ? "#" : "");
        }

        private RabbitMQConsumerSettings settings(String name, int maxInFlight) {
            return new RabbitMQConsumerSettings(
                    name,
                    effectiveConfig(),
                    options().connectTimeout(),
                    new Topology(
                            topology,
                            Objects.requireNonNull(queue),
                            durable,
                            exclusive,
                            autoDelete,
                            allQueueArguments(),
                            exchange,
                            exchangeType,
                            bindingKeys(),
                            bindingArguments,
                            missingQueue),
                    Math.min(prefetchCount, maxInFlight),
                    autoAck,
                    exclusive,
                    consumerPriority == null ? Map.of() : Map.of("x-priority", consumerPriority));
        }
    }
}
