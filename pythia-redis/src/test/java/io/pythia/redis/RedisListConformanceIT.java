package io.pythia.redis;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock(RedisHarness.SERVER)
class RedisListConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness();
    }

    private static final class Harness extends RedisHarness {
        Harness() {
            super("redis-list", RedisListBrokerProvider.CAPABILITIES);
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, BrokerListener listener) {
            return builder(destination, options, config()).listener(listener).build();
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return builder(destination, options, config())
                    .deadLetter(deadLetters)
                    .build();
        }

        private static RedisListConsumer.Builder builder(
                String destination, ConsumerOptions options, RedisConfig config) {
            return RedisListConsumer.builder().queue(destination).config(config).options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return RedisListProducer.builder()
                    .queue(destination)
                    .config(config())
                    .options(options)
                    .build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return builder("orders", options, unreachable()).build();
        }
    }
}
