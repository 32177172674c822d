package io.pythia.redis;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Consumes a Redis list as a queue, or several by priority.
 *
 * <pre>{@code
 * RedisListConsumer consumer = RedisListConsumer.builder().queue("task_queue").timeout(Duration.ofSeconds(10)).build();
 * }</pre>
 *
 * <p>An element is moved to a list of what this consumer is processing, {@code <queue>:processing:<consumer>}, and removed from there when
 * it is acknowledged. What a consumer leaves behind that gives no sign of life any more, others put back.
 */
public final class RedisListConsumer extends AbstractMessageBroker<ListElement> {
    private final ListSource source;

    private RedisListConsumer(Builder builder) {
        super("redis-list:" + String.join(",", builder.queues), builder.capabilities(), builder);
        this.source = builder.source(name());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the name under which this consumer keeps what it is processing. */
    public String consumerName() {
        return source.consumer();
    }

    @Override
    protected ReceiveDriver<ListElement> newDriver() {
        return new RedisListReceiver(source);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private List<String> queues = List.of();
        private RedisConfig config = RedisConfig.defaults();
        private Duration timeout = Duration.ofSeconds(10);
        private ListOrder order = ListOrder.FIFO;
        private Guarantee guarantee = Guarantee.AT_LEAST_ONCE;
        private @Nullable String consumerName;
        private Duration deadAfter = Duration.ofSeconds(30);
        private NackTarget nackTarget = NackTarget.CONSUMER;
        private @Nullable String deadLetterQueue;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the list. */
        public Builder queue(String queue) {
            return queues(List.of(queue));
        }

        /**
         * Sets several lists: one that stands before another goes before it. At least once, the server can wait for the first of them only,
         * so the others are looked at each 100 ms.
         */
        public Builder queues(List<String> queues) {
            queues.forEach(each -> Names.check("queue", each));
            if (queues.isEmpty() || queues.stream().distinct().count() < queues.size()) {
                throw new IllegalArgumentException("queues must have at least one, and none twice");
            }
            this.queues = List.copyOf(queues);
            return this;
        }

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets for how long a read waits at the server at most, before it is made anew. Default: 10 s. */
        public Builder timeout(Duration timeout) {
            if (timeout.toMillis() <= 0) {
                throw new IllegalArgumentException("timeout must be at least 1 ms, but is " + timeout);
            }
            this.timeout = timeout;
            return this;
        }

        /** Sets from which end is taken. Default: first in, first out. */
        public Builder order(ListOrder order) {
            this.order = Objects.requireNonNull(order, "order");
            return this;
        }

        /**
         * Sets what is promised. At most once, an element is gone from Redis when it is read ({@code BRPOP}): it is lost if this process
         * dies. Default: at least once.
         */
        public Builder guarantee(Guarantee guarantee) {
            this.guarantee = Objects.requireNonNull(guarantee, "guarantee");
            return this;
        }

        /**
         * Sets the name under which this consumer keeps what it is processing. No two that live may have the same. Default: host, process
         * and a random number.
         */
        public Builder consumerName(String name) {
            this.consumerName = Names.check("consumerName", name);
            return this;
        }

        /**
         * Sets how long a consumer may give no sign of life before the others put back what it was processing; the same for all consumers of
         * a queue. Default: 30 s.
         */
        public Builder deadAfter(Duration time) {
            if (time.compareTo(Duration.ofMillis(100)) < 0) {
                throw new IllegalArgumentException("deadAfter must be at least 100 ms, but is " + time);
            }
            this.deadAfter = time;
            return this;
        }

        /** Sets where a message goes that was not processed. Default: to this consumer again. */
        public Builder nackTarget(NackTarget target) {
            this.nackTarget = Objects.requireNonNull(target, "target");
            return this;
        }

        /** Sets the list for rejected messages; the consumer makes a producer for it and closes it. Default: none. */
        public Builder deadLetterQueue(String queue) {
            this.deadLetterQueue = Names.check("deadLetterQueue", queue);
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public RedisListConsumer build() {
            if (queues.isEmpty()) {
                throw new IllegalArgumentException("queue must be set");
            }
            if (deadLetterQueue != null) {
                ownDeadLetter(RedisListProducer.builder().queue(deadLetterQueue).config(config)::build);
            }
            return new RedisListConsumer(this);
        }

        private Capabilities capabilities() {
            return guarantee == Guarantee.AT_MOST_ONCE
                    ? RedisListBrokerProvider.AT_MOST_ONCE
                    : nackTarget == NackTarget.CONSUMER
                            ? RedisListBrokerProvider.CAPABILITIES
                            : RedisListBrokerProvider.NACK_TO_QUEUE;
        }

        private ListSource source(String name) {
            return new ListSource(
                    name,
                    config,
                    queues,
                    consumerName == null ? Names.generatedConsumer() : consumerName,
                    options().batchSize(),
                    timeout,
                    order,
                    guarantee == Guarantee.AT_LEAST_ONCE,
                    deadAfter,
                    nackTarget);
        }
    }
}
