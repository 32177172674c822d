package io.pythia.redis;

import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.pythia.Message;
import io.pythia.MessageException;
import io.pythia.SendResult;
import io.pythia.spi.AbstractMessageProducer;
import io.pythia.spi.Outgoing;
import io.pythia.spi.SendDriver;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Sends to a Redis stream.
 *
 * <pre>{@code
 * RedisStreamsProducer producer = RedisStreamsProducer.builder().stream("orders").maxLength(10_000).build();
 * }</pre>
 */
public final class RedisStreamsProducer extends AbstractMessageProducer {
    static final String BODY_FIELD = "body";

    private final RedisConfig config;
    private final Stream destination;

    private RedisStreamsProducer(Builder builder) {
        super("redis-streams:" + builder.stream, builder);
        this.config = builder.config;
        this.destination = new Stream(builder);
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

    /** A stream: one {@code XADD} for each message. */
    private static final class Stream implements RedisSender.Destination {
        private final String stream;
        private final byte[] key;
        private final byte[] bodyField;
        private final Builder builder;
        private final @Nullable XAddArgs fixed;

        Stream(Builder builder) {
            this.builder = builder;
            this.stream = Objects.requireNonNull(builder.stream);
            this.key = RedisConnections.bytes(stream);
            this.bodyField = RedisConnections.bytes(builder.bodyField);
            this.fixed = builder.maxAge == null ? builder.arguments(null) : null;
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
            XAddArgs arguments = fixed != null ? fixed : builder.arguments(builder.maxAge);
            return connection
                    .async()
                    .xadd(key, arguments, RedisMessages.fields(messages.get(0).message(), bodyField));
        }

        @Override
        public SendResult result(Message message, Object answer) {
            return new SendResult(message.id(), stream, Map.of("id", (String) answer));
        }
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private static final Pattern ID = Pattern.compile("[0-9]{1,20}(-[0-9]{1,20})?");

        private @Nullable String stream;
        private RedisConfig config = RedisConfig.defaults();
        private long maxLength;
        private @Nullable String minId;
        private @Nullable Duration maxAge;
        private boolean approximate = true;
        private String bodyField = BODY_FIELD;

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

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Sets how many entries the stream keeps; older ones are deleted, consumed or not; {@code MAXLEN}. Default: 0, all.
         */
        public Builder maxLength(long entries) {
            if (entries < 0) {
                throw new IllegalArgumentException("maxLength must not be negative, but is " + entries);
            }
            this.maxLength = entries;
            return this;
        }

        /** Sets the id of the oldest entry that the stream keeps; {@code MINID}. Default: none. */
        public Builder minId(String id) {
            if (!ID.matcher(id).matches()) {
                throw new IllegalArgumentException("minId must be the id of an entry");
            }
            this.minId = id;
            return this;
        }

        /** Sets for how long the stream keeps an entry, by the clock of this machine; {@code MINID}. Default: for ever. */
        public Builder maxAge(Duration age) {
            if (age.isNegative() || age.isZero()) {
                throw new IllegalArgumentException("maxAge must be more than zero, but is " + age);
            }
            this.maxAge = age;
            return this;
        }

        /** Sets whether the stream may keep some more, which costs the server less; {@code ~}. Default: true. */
        public Builder approximate(boolean value) {
            this.approximate = value;
            return this;
        }

        /** Sets the field that holds the body. Default: {@code body}. */
        public Builder bodyField(String field) {
            this.bodyField = Names.check("bodyField", field);
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public RedisStreamsProducer build() {
            if (stream == null) {
                throw new IllegalArgumentException("stream must be set");
            }
            if ((maxLength > 0 ? 1 : 0) + (minId != null ? 1 : 0) + (maxAge != null ? 1 : 0) > 1) {
                throw new IllegalArgumentException("maxLength, minId and maxAge exclude each other");
            }
            return new RedisStreamsProducer(this);
        }

        private XAddArgs arguments(@Nullable Duration age) {
            XAddArgs arguments = new XAddArgs();
            if (maxLength > 0) {
                arguments.maxlen(maxLength);
            } else if (minId != null) {
                arguments.minId(minId);
            } else if (age != null) {
                arguments.minId(Long.toString(Math.max(0, System.currentTimeMillis() - age.toMillis())));
            }
            return arguments.approximateTrimming(approximate);
        }
    }
}
