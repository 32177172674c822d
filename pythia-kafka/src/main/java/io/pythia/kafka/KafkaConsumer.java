package io.pythia.kafka;

import io.pythia.BrokerException;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ReceiveDriver;
import io.pythia.spi.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Consumes a topic, several, or all whose names match a pattern, as a member of a group or from partitions of its own choice.
 *
 * <pre>{@code
 * KafkaConsumer consumer = KafkaConsumer.builder()
 *         .topic("orders").consumerGroup("billing").bootstrapServers("localhost:9092").build();
 * }</pre>
 */
public final class KafkaConsumer extends AbstractMessageBroker<KafkaRecord> {
    private final Builder builder;
    private final AtomicBoolean paused = new AtomicBoolean();
    /** Without a group, over all sessions. */
    private final Map<TopicPartition, Long> ownPositions = new ConcurrentHashMap<>();

    private KafkaConsumer(Builder builder) {
        super("kafka:" + builder.source(), KafkaBrokerProvider.CAPABILITIES, builder);
        this.builder = builder;
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<KafkaRecord> newDriver() {
        return new KafkaReceiver(builder.settings(name(), options(), listener()), paused, ownPositions);
    }

    /**
     * Commits the position of every assigned partition now: what is acknowledged without a gap. It is committed by itself all the time;
     * this is for who wants to wait for it. The future fails if the broker does not have it; it is tried again by itself. Without a group
     * nothing is committed.
     */
    public CompletableFuture<Void> commitOffsets() {
        return onPollThread(PollLoop::commitAll);
    }

    /**
     * Goes to the first record of every partition that this consumer has. What is in flight from before is stale; the group is told of the
     * new position before anything from there is given out.
     *
     * <p>Just after {@code connect()}, and in a rebalance that takes all partitions away, the consumer has none: then the seek waits for those
     * that it is given next, and nothing of them is given out before. It needs no subscriber. The future completes when the consumer is at its
     * new place, and else fails with a {@link BrokerException} without having gone anywhere: if there is no connection or it ends meanwhile, if the
     * broker does not answer within some seconds, and if there is still no partition after a minute, as in a group with more members than
     * partitions. Partitions that it is given later begin where the group is. Thread-safe.
     */
    public CompletableFuture<Void> seekToBeginning() {
        return seek(Seek.toBeginning());
    }

    /** Goes behind the last record of every partition that this consumer has: the records between are skipped. Else as {@link #seekToBeginning}. */
    public CompletableFuture<Void> seekToEnd() {
        return seek(Seek.toEnd());
    }

    /**
     * Goes, in every partition that this consumer has, to the first record whose timestamp is this one or later; in a partition without such a
     * record behind the last one. Else as {@link #seekToBeginning}.
     *
     * @param time to the millisecond
     */
    public CompletableFuture<Void> seekToTime(Instant time) {
        return seek(Seek.toTime(time));
    }

    /**
     * Goes to an offset of one partition; the others stay where they are. If the topic does not have that offset, {@code dataLoss} is told and
     * {@code autoOffsetReset} says where it goes on. Else as {@link #seekToBeginning}; the future also fails if the consumer has partitions and this
     * one is not among them.
     *
     * @param topic one of this consumer's topics
     * @param partition from 0
     * @param offset of the next record to deliver, from 0
     * @throws IllegalArgumentException if a number is negative
     */
    public CompletableFuture<Void> seek(String topic, int partition, long offset) {
        Objects.requireNonNull(topic, "topic");
        if (partition < 0 || offset < 0) {
            throw new IllegalArgumentException(
                    "partition and offset must not be negative, but are " + partition + " and " + offset);
        }
        return seek(Seek.to(new TopicPartition(topic, partition), offset));
    }

    private CompletableFuture<Void> seek(Seek target) {
        return onPollThread(loop -> loop.seek(target));
    }

    /**
     * Stops fetching from all partitions, also those assigned later and after a reconnect, and keeps them.
     *
     * @throws BrokerException if it is not connected
     */
    public void pause() {
        loop();
        paused.set(true);
    }

    /**
     * Ends {@link #pause}.
     *
     * @throws BrokerException if it is not connected
     */
    public void resume() {
        loop();
        paused.set(false);
    }

    private CompletableFuture<Void> onPollThread(Function<PollLoop, CompletableFuture<Void>> request) {
        try {
            return request.apply(loop());
        } catch (BrokerException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private PollLoop loop() {
        if (driver() instanceof KafkaReceiver receiver) {
            return receiver.loop();
        }
        throw new BrokerException(name() + " is not connected");
    }

    /** Builds consumers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private List<String> topics = List.of();
        private @Nullable Pattern pattern;
        private List<Integer> partitions = List.of();
        private @Nullable String consumerGroup;
        private @Nullable String bootstrapServers;
        private KafkaConfig config = KafkaConfig.defaults();
        private @Nullable AutoOffsetReset autoOffsetReset;
        private GroupProtocol groupProtocol = GroupProtocol.CLASSIC;
        private @Nullable String groupInstanceId;
        private @Nullable String clientRack;
        private Duration drainTimeout = Duration.ofSeconds(2);
        private @Nullable Function<byte[], String> keyDeserializer;
        private @Nullable Function<byte[], byte[]> valueDeserializer;
        private @Nullable String deadLetterTopic;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the topic. */
        public Builder topic(String topic) {
            return topics(List.of(topic));
        }

        /** Sets several topics. */
        public Builder topics(List<String> topics) {
            topics.forEach(Topics::check);
            this.topics = List.copyOf(topics);
            return this;
        }

        /** Sets a pattern of topics; new ones that match are found within the client's {@code metadata.max.age.ms}. */
        public Builder topicPattern(String pattern) {
            try {
                this.pattern = Pattern.compile(pattern);
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "topicPattern is not a regular expression: " + e.getDescription(), e);
            }
            return this;
        }

        /**
         * Sets which partitions of each topic to take, whoever else has them, by the client's {@code assign}: without a group that shares them
         * out. With a {@link #consumerGroup} positions are committed to it, which the broker takes only while that group has no members that
         * share partitions. Without one nothing is committed: acknowledgements count in this object, over its connections, and each new one begins
         * at {@link #autoOffsetReset}. Not with a pattern of topics, and not with {@link #groupInstanceId}. Default: those that the group gives.
         *
         * @param numbers each from 0; at least one
         */
        public Builder partitions(int... numbers) {
            if (numbers.length == 0 || Arrays.stream(numbers).anyMatch(number -> number < 0)) {
                throw new IllegalArgumentException(
                        "partitions must be numbers from 0, at least one, but are " + Arrays.toString(numbers));
            }
            this.partitions = Arrays.stream(numbers).distinct().boxed().toList();
            return this;
        }

        /** Sets the group whose members share the partitions; {@code group.id}. Required, but for {@link #partitions}. */
        public Builder consumerGroup(String group) {
            if (group.isBlank()) {
                throw new IllegalArgumentException("consumerGroup must not be blank");
            }
            this.consumerGroup = group;
            return this;
        }

        /** Sets the first brokers to ask, in place of those of the configuration. */
        public Builder bootstrapServers(String servers) {
            this.bootstrapServers = Objects.requireNonNull(servers, "servers");
            return this;
        }

        /** Sets how to reach the cluster. Default: {@link KafkaConfig#defaults()}. */
        public Builder config(KafkaConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /** Sets where the group begins without a position. Default: that of the configuration, which is earliest. */
        public Builder autoOffsetReset(AutoOffsetReset reset) {
            this.autoOffsetReset = Objects.requireNonNull(reset, "reset");
            return this;
        }

        /** Sets where the group begins without a position: {@code earliest}, {@code latest} or {@code none}. */
        public Builder autoOffsetReset(String reset) {
            return autoOffsetReset(Settings.constant("autoOffsetReset", AutoOffsetReset.class, reset));
        }

        /** Sets how the group shares the partitions; {@code group.protocol}. Default: classic. */
        public Builder groupProtocol(GroupProtocol protocol) {
            this.groupProtocol = Objects.requireNonNull(protocol, "protocol");
            return this;
        }

        /** Sets a name under which this member keeps its partitions over a restart; {@code group.instance.id}. Default: none. */
        public Builder groupInstanceId(String id) {
            this.groupInstanceId = Objects.requireNonNull(id, "id");
            return this;
        }

        /** Sets where this consumer stands, to read from a broker that is near; {@code client.rack}. Default: none. */
        public Builder clientRack(String rack) {
            this.clientRack = Objects.requireNonNull(rack, "rack");
            return this;
        }

        /** Sets how long a rebalance waits for messages in flight before it gives their partitions away. Default: 2 s. */
        public Builder drainTimeout(Duration timeout) {
            if (timeout.isNegative()) {
                throw new IllegalArgumentException("drainTimeout must not be negative, but is " + timeout);
            }
            this.drainTimeout = timeout;
            return this;
        }

        /** Sets how a key is read. What it throws makes the record a poison message: it is rejected with its raw bytes. Default: UTF-8. */
        public Builder keyDeserializer(Function<byte[], String> deserializer) {
            this.keyDeserializer = Objects.requireNonNull(deserializer, "deserializer");
            return this;
        }

        /** Sets how a body is read, for instance decrypted. What it throws makes the record a poison message. Default: as it is. */
        public Builder valueDeserializer(Function<byte[], byte[]> deserializer) {
            this.valueDeserializer = Objects.requireNonNull(deserializer, "deserializer");
            return this;
        }

        /** Sets the topic for rejected messages; the consumer makes a producer for it and closes it. Default: none. */
        public Builder deadLetterTopic(String topic) {
            this.deadLetterTopic = Topics.check(topic);
            return this;
        }

        /**
         * Returns a consumer, not connected.
         *
         * @throws IllegalArgumentException if something is missing or contradicts something else
         */
        public KafkaConsumer build() {
            if (topics.isEmpty() == (pattern == null)) {
                throw new IllegalArgumentException("one of topic, topics and topicPattern must be set, and only one");
            }
            if (consumerGroup == null && partitions.isEmpty()) {
                throw new IllegalArgumentException(
                        "consumerGroup must be set: the name under which this application keeps its position");
            }
            if (!partitions.isEmpty() && pattern != null) {
                throw new IllegalArgumentException(
                        "partitions can't be used with topicPattern: name the topics, or let the group share them out");
            }
            if (!partitions.isEmpty() && groupInstanceId != null) {
                throw new IllegalArgumentException(
                        "groupInstanceId has no meaning with partitions: there are no members");
            }
            KafkaConfig effective = effectiveConfig();
            if (groupProtocol == GroupProtocol.CONSUMER
                    && (effective.sessionTimeout() != null || effective.heartbeatInterval() != null)) {
                throw new IllegalArgumentException(
                        "sessionTimeout and heartbeatInterval are the broker's with the group protocol"
                                + " CONSUMER (group.consumer.session.timeout.ms): don't set them, or use CLASSIC");
            }
            if (deadLetterTopic != null) {
                ownDeadLetter(KafkaProducer.builder().topic(deadLetterTopic).config(effective)::build);
            }
            return new KafkaConsumer(this);
        }

        private String source() {
            return pattern == null ? String.join(",", topics) : pattern.pattern();
        }

        private KafkaConfig effectiveConfig() {
            return bootstrapServers == null
                    ? config
                    : config.toBuilder().bootstrapServers(bootstrapServers).build();
        }

        /** Package-private for tests of what reaches the client. */
        KafkaConsumerSettings settings(String name, ConsumerOptions options, io.pythia.BrokerListener listener) {
            KafkaConfig effective = effectiveConfig();
            var properties = ClientProperties.consumer(effective, consumerGroup, groupProtocol);
            if (groupInstanceId != null) {
                properties.put("group.instance.id", groupInstanceId);
            }
            if (clientRack != null) {
                properties.put("client.rack", clientRack);
            }
            return new KafkaConsumerSettings(
                    name,
                    topics,
                    pattern,
                    partitions,
                    effective,
                    properties,
                    autoOffsetReset == null ? effective.autoOffsetReset() : autoOffsetReset,
                    options.connectTimeout(),
                    options.maxInFlight(),
                    drainTimeout,
                    keyDeserializer,
                    valueDeserializer,
                    listener);
        }
    }
}
