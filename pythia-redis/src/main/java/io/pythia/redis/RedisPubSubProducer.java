package io.pythia.redis;

import io.lettuce.core.api.StatefulRedisConnection;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Publishes to a channel of Redis publish/subscribe. What is published is the body alone: key, id and headers do not travel. A send
 * succeeds when the server has the message; whether anybody listened, the result's detail {@code receivers} says.
 *
 * <pre>{@code
 * RedisPubSubProducer producer = RedisPubSubProducer.builder().channel("events").build();
 * }</pre>
 */
public final class RedisPubSubProducer extends AbstractMessageProducer {
    private final RedisConfig config;
    private final Channel destination;

    private RedisPubSubProducer(Builder builder) {
        super("redis-pubsub:" + builder.channel, builder);
        this.config = builder.config;
        this.destination =
                new Channel(name(), Objects.requireNonNull(builder.channel), builder.sharded, builder.requireReceivers);
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected SendDriver newDriver() {
        return new RedisSender(new RedisConnections(name(), config), destination);
    }

    @Override
    protected @Nullable MessageException check(Message message) {
        return RedisSender.tooLarge(name(), config, message);
    }

    /** A channel: one {@code PUBLISH} for each message. */
    private static final class Channel implements RedisSender.Destination {
        private final String name;
        private final String channel;
        private final byte[] key;
        private final boolean sharded;
        private final boolean requireReceivers;

        Channel(String name, String channel, boolean sharded, boolean requireReceivers) {
            this.name = name;
            this.channel = channel;
            this.key = RedisConnections.bytes(channel);
            this.sharded = sharded;
            this.requireReceivers = requireReceivers;
        }

        @Override
        public byte[] name() {
            return key;
        }

        @Override
        public int together(List<? extends Outgoing> batch, int from) {
            return 1;
        }

        @Override
        public CompletionStage<?> write(
                StatefulRedisConnection<byte[], byte[]> connection, List<? extends Outgoing> messages) {
            byte[] body = messages.get(0).message().body();
            return sharded
                    ? connection.async().spublish(key, body)
                    : connection.async().publish(key, body);
        }

        @Override
        public SendResult result(Message message, Object answer) {
            if (requireReceivers && (Long) answer == 0) {
                throw new MessageException(name + ": nobody listens to the channel, and requireReceivers is set");
            }
            return new SendResult(message.id(), channel, Map.of("receivers", answer.toString()));
        }
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String channel;
        private RedisConfig config = RedisConfig.defaults();
        private boolean sharded;
        private boolean requireReceivers;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the channel. Required. */
        public Builder channel(String channel) {
            this.channel = Names.check("channel", channel);
            return this;
        }

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets whether the channel is sharded ({@code SPUBLISH}, Redis 7). Default: false. */
        public Builder sharded(boolean value) {
            this.sharded = value;
            return this;
        }

        /**
         * Sets whether a message that nobody received fails. In a cluster the server counts only those at its own node. Default: false.
         */
        public Builder requireReceivers(boolean value) {
            this.requireReceivers = value;
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public RedisPubSubProducer build() {
            if (channel == null) {
                throw new IllegalArgumentException("channel must be set");
            }
            return new RedisPubSubProducer(this);
        }
    }
}
