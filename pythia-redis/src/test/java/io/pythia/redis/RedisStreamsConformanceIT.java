package io.pythia.redis;

import io.lettuce.core.StreamMessage;
import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock(RedisHarness.SERVER)
class RedisStreamsConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness();
    }

    private static final class Harness extends RedisHarness {
        Harness() {
            super("redis-streams", RedisStreamsBrokerProvider.CAPABILITIES);
        }

        @Override
        public Class<?> nativeType() {
            return StreamMessage.class;
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, BrokerListener listener) {
            return builder(destination, group, options, config())
                    .listener(listener)
                    .build();
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return builder(destination, group, options, config())
                    .deadLetter(deadLetters)
                    .build();
        }

        private static RedisStreamsConsumer.Builder builder(
                String destination, String group, ConsumerOptions options, RedisConfig config) {
            return RedisStreamsConsumer.builder().stream(destination)
                    .consumerGroup(group)
                    .config(config)
                    .options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return RedisStreamsProducer.builder().stream(destination)
                    .config(config())
                    .options(options)
                    .build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return builder("orders", "group", options, unreachable()).build();
        }
    }
}
