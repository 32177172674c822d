package io.pythia.redis;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.retry.RetryConfig;
import io.pythia.spi.Capabilities.Guarantee;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import java.time.Duration;

/** The three connectors for scenarios that hold for all of them. A message's body is its id, since lists and channels have none. */
enum RedisKind {
    STREAMS {
        @Override
        MessageBroker consumer(
                String destination, RedisConfig config, ConsumerOptions options, BrokerListener listener) {
            return RedisStreamsConsumer.builder().stream(destination)
                    .consumerGroup("group")
                    .claimMinIdle(Duration.ofSeconds(3))
                    .config(config)
                    .options(options)
                    .listener(listener)
                    .build();
        }

        @Override
        MessageProducer producer(String destination, RedisConfig config, ProducerOptions options) {
            return RedisStreamsProducer.builder().stream(destination)
                    .config(config)
                    .options(options)
                    .build();
        }
    },
    LIST {
        @Override
        MessageBroker consumer(
                String destination, RedisConfig config, ConsumerOptions options, BrokerListener listener) {
            return list(destination, config, options, listener, Guarantee.AT_LEAST_ONCE);
        }

        @Override
        MessageProducer producer(String destination, RedisConfig config, ProducerOptions options) {
            return RedisListProducer.builder()
                    .queue(destination)
                    .config(config)
                    .options(options)
                    .build();
        }
    },
    LIST_AT_MOST_ONCE {
        @Override
        MessageBroker consumer(
                String destination, RedisConfig config, ConsumerOptions options, BrokerListener listener) {
            return list(destination, config, options, listener, Guarantee.AT_MOST_ONCE);
        }

        @Override
        MessageProducer producer(String destination, RedisConfig config, ProducerOptions options) {
            return LIST.producer(destination, config, options);
        }
    },
    PUBSUB {
        @Override
        MessageBroker consumer(
                String destination, RedisConfig config, ConsumerOptions options, BrokerListener listener) {
            return RedisPubSubConsumer.builder()
                    .channels(destination)
                    .bufferSize(100_000)
                    .config(config)
                    .options(options)
                    .listener(listener)
                    .build();
        }

        @Override
        MessageProducer producer(String destination, RedisConfig config, ProducerOptions options) {
            return RedisPubSubProducer.builder()
                    .channel(destination)
                    .config(config)
                    .options(options)
                    .build();
        }
    };

    static final RetryConfig QUICK =
            new RetryConfig(RetryConfig.FOREVER, Duration.ofMillis(50), Duration.ofMillis(500), true, true);

    abstract MessageBroker consumer(
            String destination, RedisConfig config, ConsumerOptions options, BrokerListener listener);

    abstract MessageProducer producer(String destination, RedisConfig config, ProducerOptions options);

    boolean isAtLeastOnce() {
        return this == STREAMS || this == LIST;
    }

    static ConsumerOptions consumerOptions() {
        return ConsumerOptions.defaults().with(QUICK).withMaxInFlight(500);
    }

    static ProducerOptions producerOptions() {
        return ProducerOptions.defaults().with(QUICK).withSendTimeout(Duration.ofSeconds(60));
    }

    static Message message(String id) {
        return Message.builder().id(id).body(id).build();
    }

    private static MessageBroker list(
            String destination,
            RedisConfig config,
            ConsumerOptions options,
            BrokerListener listener,
            Guarantee guarantee) {
        return RedisListConsumer.builder()
                .queue(destination)
                .deadAfter(Duration.ofSeconds(3))
                .guarantee(guarantee)
                .config(config)
                .options(options)
                .listener(listener)
                .build();
    }
}
