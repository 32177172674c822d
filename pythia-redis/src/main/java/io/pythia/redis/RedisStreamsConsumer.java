package io.pythia.redis;

import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Consumes a Redis stream as a member of a group.
 *
 * <pre>{@code
 * RedisStreamsConsumer consumer = RedisStreamsConsumer.builder()
 *         .stream("orders").consumerGroup("billing").consumerName("worker-1").build();
 * }</pre>
 */
public final class RedisStreamsConsumer extends AbstractMessageBroker<StreamEntry> {
    private final StreamSource source;

    private RedisStreamsConsumer(Builder builder) {
        super(
                "redis-streams:" + builder.stream,
                builder.noAck ? RedisStreamsBrokerProvider.AT_MOST_ONCE : RedisStreamsBrokerProvider.CAPABILITIES,
                builder);
        this.source = builder.source(name(), listener());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns the name by which the group knows this consumer. */
    public String consumerName() {
        return source.consumer();
    }

    @Override
    protected ReceiveDriver<StreamEntry> newDriver() {
        return new RedisStreamsReceiver(source);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private static final Pattern START = Pattern.compile("[>$]|[0-9]{1,20}(-[0-9]{1,20})?");

        private @Nullable String stream;
        private @Nullable String consumerGroup;
        private @Nullable String consumerName;
        private RedisConfig config = RedisConfig.defaults();
        private Duration blockTime = Duration.ofSeconds(5);
        private String startId = ">";
        private NoGroupPolicy noGroup = NoGroupPolicy.LAST_SEEN;
        private Duration claimMinIdle = Duration.ofSeconds(60);
        private boolean noAck;
        private String bodyField = RedisStreamsProducer.BODY_FIELD;
        private @Nullable String deadLetterStream;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the stream's key. Required; a stream that is not there is made. */
        public Builder stream(String stream) {
            this.stream = Names.check("stream", stream);
            return this;
        }

        /** Sets the group whose members share the entries. Required; a group that is not there is made. */
        public Builder consumerGroup(String group) {
            this.consumerGroup = Names.check("consumerGroup", group);
            return this;
        }

        /**
         * Sets the name by which the group knows this consumer. No two that live may have the same; one that is the same after a restart
         * gets at once what was pending for it. Default: host, process and a random number.
         */
        public Builder consumerName(String name) {
            this.consumerName = Names.check("consumerName", name);
            return this;
        }

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets for how long a read waits at the server at most; {@code BLOCK}. Default: 5 s. */
        public Builder blockTime(Duration time) {
            if (time.toMillis() <= 0) {
                throw new IllegalArgumentException("blockTime must be at least 1 ms, but is " + time);
            }
            this.blockTime = time;
            return this;
        }

        /**
         * Sets where the group begins if it is made: {@code >} and {@code 0} for the oldest entry, {@code $} for what comes from now on, or
         * the id of the entry before the first. A group that exists goes on where it is. Default: {@code >}.
         */
        public Builder startId(String id) {
            if (!START.matcher(id).matches()) {
                throw new IllegalArgumentException("startId must be >, $, 0 or the id of an entry");
            }
            this.startId = id;
            return this;
        }

        /** Sets what happens when the stream or the group is gone. Default: the group is made again behind the last entry seen. */
        public Builder noGroup(NoGroupPolicy policy) {
            this.noGroup = Objects.requireNonNull(policy, "policy");
            return this;
        }

        /**
         * Sets how long an entry must be untouched before another consumer may take it over; the same for all members of the group. What is
         * being processed is touched each third of that time. Zero: never. Default: 60 s.
         */
        public Builder claimMinIdle(Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException("claimMinIdle must not be negative, but is " + time);
            }
            this.claimMinIdle = time;
            return this;
        }

        /** Sets whether entries count as processed when they are read: at most once; {@code NOACK}. Default: false. */
        public Builder noAck(boolean value) {
            this.noAck = value;
            return this;
        }

        /** Sets the field that holds the body. Default: {@code body}. */
        public Builder bodyField(String field) {
            this.bodyField = Names.check("bodyField", field);
            return this;
        }

        /** Sets the stream for rejected messages; the consumer makes a producer for it and closes it. Default: none. */
        public Builder deadLetterStream(String stream) {
            this.deadLetterStream = Names.check("deadLetterStream", stream);
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public RedisStreamsConsumer build() {
            if (stream == null) {
                throw new IllegalArgumentException("stream must be set");
            }
            if (consumerGroup == null) {
                throw new IllegalArgumentException(
                        "consumerGroup must be set: the name under which this application keeps its position");
            }
            if (deadLetterStream != null) {
                ownDeadLetter(RedisStreamsProducer.builder().stream(deadLetterStream)
                        .config(config)
                        .bodyField(bodyField)::build);
            }
            return new RedisStreamsConsumer(this);
        }

        private StreamSource source(String name, io.pythia.BrokerListener listener) {
            return new StreamSource(
                    name,
                    config,
                    Objects.requireNonNull(stream),
                    Objects.requireNonNull(consumerGroup),
                    consumerName == null ? Names.generatedConsumer() : consumerName,
                    consumerName == null,
                    options().batchSize(),
                    blockTime,
                    startId,
                    noGroup,
                    claimMinIdle,
                    noAck,
                    bodyField,
                    new StreamPosition(),
                    listener);
        }
    }
}
