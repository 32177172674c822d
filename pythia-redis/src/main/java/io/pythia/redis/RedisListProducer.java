package io.pythia.redis;

import io.lettuce.core.ScriptOutputType;
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
 * Sends to a Redis list, at its left end. An element is the body alone: key, id and headers do not travel.
 *
 * <pre>{@code
 * RedisListProducer producer = RedisListProducer.builder().queue("task_queue").build();
 * }</pre>
 */
public final class RedisListProducer extends AbstractMessageProducer {
    private final RedisConfig config;
    private final Queue destination;

    private RedisListProducer(Builder builder) {
        super("redis-list:" + builder.queue, builder);
        this.config = builder.config;
        this.destination =
                new Queue(name(), Objects.requireNonNull(builder.queue), builder.maxLength, builder.overflow);
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

    /** A list: what was sent at about the same time goes into one command. */
    private static final class Queue implements RedisSender.Destination {
        private static final int MOST = 200;
        private static final int MOST_BYTES = 1 << 18;

        private final String name;
        private final String queue;
        private final byte[] key;
        private final long maxLength;
        private final ListOverflow overflow;

        Queue(String name, String queue, long maxLength, ListOverflow overflow) {
            this.name = name;
            this.queue = queue;
            this.key = RedisConnections.bytes(queue);
            this.maxLength = maxLength;
            this.overflow = overflow;
        }

        @Override
        public byte[] name() {
            return key;
        }

        @Override
        public int together(List<? extends Outgoing> batch, int from) {
            if (maxLength > 0 && overflow == ListOverflow.REJECT) {
                return 1; // each is judged by itself
            }
            int bytes = 0;
            int count = 0;
            while (count < MOST && from + count < batch.size() && (count == 0 || bytes < MOST_BYTES)) {
                bytes += batch.get(from + count).message().body().length;
                count++;
            }
            return count;
        }

        @Override
        public CompletionStage<?> write(
                StatefulRedisConnection<byte[], byte[]> connection, List<? extends Outgoing> messages) {
            int skip = maxLength > 0 ? 2 : 0;
            byte[][] bodies = new byte[skip + messages.size()][];
            for (int i = 0; i < messages.size(); i++) {
                bodies[skip + i] = messages.get(i).message().body();
            }
            if (maxLength == 0) {
                return connection.async().lpush(key, bodies);
            }
            bodies[0] = RedisConnections.bytes(Long.toString(maxLength));
            bodies[1] = RedisConnections.bytes(overflow.name());
            return ListScripts.PUSH.runInItsPlace(connection, ScriptOutputType.INTEGER, new byte[][] {key}, bodies);
        }

        @Override
        public SendResult result(Message message, Object answer) {
            if ((Long) answer < 0) {
                throw new MessageException(
                        name + ": the list has " + maxLength + " elements already, which is maxLength", null, true);
            }
            return new SendResult(message.id(), queue, Map.of("length", answer.toString()));
        }
    }

    /** Builds producers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageProducer.Builder<Builder> {
        private @Nullable String queue;
        private RedisConfig config = RedisConfig.defaults();
        private long maxLength;
        private ListOverflow overflow = ListOverflow.REJECT;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the list. Required. */
        public Builder queue(String queue) {
            this.queue = Names.check("queue", queue);
            return this;
        }

        /** Sets how to reach Redis. Default: {@link RedisConfig#defaults()}. */
        public Builder config(RedisConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets how many elements the list may have. Default: 0, no limit. */
        public Builder maxLength(long elements) {
            if (elements < 0) {
                throw new IllegalArgumentException("maxLength must not be negative, but is " + elements);
            }
            this.maxLength = elements;
            return this;
        }

        /** Sets what happens when the list has that many. Default: the message is refused. */
        public Builder overflow(ListOverflow overflow) {
            this.overflow = Objects.requireNonNull(overflow, "overflow");
            return this;
        }

        /**
         * Returns a producer, not connected.
         *
         * @throws IllegalArgumentException if something is missing
         */
        public RedisListProducer build() {
            if (queue == null) {
                throw new IllegalArgumentException("queue must be set");
            }
            return new RedisListProducer(this);
        }
    }
}
