package io.pythia.redis;

import io.pythia.BrokerListener;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Listens to channels of Redis publish/subscribe, to patterns, or to both. At most once: what is published while the consumer is not
 * connected, or too slow, is lost, and the listener hears of it. Acknowledging has no effect.
 *
 * <pre>{@code
 * RedisPubSubConsumer consumer = RedisPubSubConsumer.builder()
 *         .channels("orders", "events").patterns("user.*").build();
 * }</pre>
 */
public final class RedisPubSubConsumer extends AbstractMessageBroker<ChannelMessage> {
    private final ChannelSource source;

    private RedisPubSubConsumer(Builder builder) {
        super("redis-pubsub:" + builder.names(), RedisPubSubBrokerProvider.CAPABILITIES, builder);
        this.source = builder.source(name(), listener());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<ChannelMessage> newDriver() {
        return new RedisPubSubReceiver(source);
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private List<String> channels = List.of();
        private List<String> patterns = List.of();
        private RedisConfig config = RedisConfig.defaults();
        private boolean sharded;
        private int bufferSize = 10_000;
        private long bufferBytes = 16L << 20;
        private BufferOverflow overflow = BufferOverflow.ERROR;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the channels. */
        public Builder channels(String... channels) {
            return channels(List.of(channels));
        }

        /** Sets the channels. */
        public Builder channels(List<String> channels) {
            channels.forEach(each -> Names.check("channels", each));
            this.channels = List.copyOf(channels);
            return this;
        }

        /**
         * Sets patterns of channels, with {@code *}, {@code ?} and {@code [ab]}. A message whose channel is also among the channels, or
         * matches several patterns, comes once for each.
         */
        public Builder patterns(String... patterns) {
            return patterns(List.of(patterns));
        }

        /** Sets patterns of channels. */
        public Builder patterns(List<String> patterns) {
            patterns.forEach(each -> Names.check("patterns", each));
            this.patterns = List.copyOf(patterns);
            return this;
        }

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets whether the channels are sharded ({@code SSUBSCRIBE}, Redis 7); they have no patterns. Default: false. */
        public Builder sharded(boolean value) {
            this.sharded = value;
            return this;
        }

        /** Sets how many messages may wait for the application. Default: 10,000. */
        public Builder bufferSize(int messages) {
            if (messages <= 0) {
                throw new IllegalArgumentException("bufferSize must be more than zero, but is " + messages);
            }
            this.bufferSize = messages;
            return this;
        }

        /** Sets how many bytes may wait for the application; one message may exceed it. Default: 16 MiB. */
        public Builder bufferBytes(long bytes) {
            if (bytes <= 0) {
                throw new IllegalArgumentException("bufferBytes must be more than zero, but is " + bytes);
            }
            this.bufferBytes = bytes;
            return this;
        }

        /** Sets what happens when more come. Default: the stream ends with an error. */
        public Builder overflow(BufferOverflow overflow) {
            this.overflow = Objects.requireNonNull(overflow, "overflow");
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public RedisPubSubConsumer build() {
            if (channels.isEmpty() && patterns.isEmpty()) {
                throw new IllegalArgumentException("channels or patterns must be set");
            }
            if (sharded && !patterns.isEmpty()) {
                throw new IllegalArgumentException("sharded channels have no patterns");
            }
            return new RedisPubSubConsumer(this);
        }

        private String names() {
            return Stream.concat(channels.stream(), patterns.stream()).collect(Collectors.joining(","));
        }

        private ChannelSource source(String name, BrokerListener listener) {
            return new ChannelSource(
                    name,
                    config,
                    channels,
                    patterns,
                    sharded,
                    bufferSize,
                    bufferBytes,
                    overflow,
                    new ChannelGap(),
                    listener);
        }
    }
}
