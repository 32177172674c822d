package io.pythia.testkit;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.memory.MemoryBroker;
import io.pythia.memory.MemoryBrokerProvider;
import io.pythia.memory.MemoryConfig;
import io.pythia.memory.MemoryConsumer;
import io.pythia.memory.MemoryProducer;
import io.pythia.memory.MemoryRecord;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import java.util.UUID;

class MemoryConformanceTest extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness();
    }

    private static final class Harness implements BrokerHarness {
        private final MemoryBroker broker =
                new MemoryBroker(MemoryConfig.defaults().withAutoCreateTopics(false));

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public Capabilities capabilities() {
            return new MemoryBrokerProvider().capabilities();
        }

        @Override
        public String newDestination() {
            String name = "topic-" + UUID.randomUUID();
            broker.createTopic(name);
            broker.createTopic(nativeDeadLetters(name));
            return name;
        }

        @Override
        public String missingDestination() {
            return "missing";
        }

        @Override
        public String nativeDeadLetters(String destination) {
            return destination + ".dead";
        }

        @Override
        public Class<?> nativeType() {
            return MemoryRecord.class;
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, BrokerListener listener) {
            return builder(destination, group, options).listener(listener).build();
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return builder(destination, group, options).deadLetter(deadLetters).build();
        }

        private MemoryConsumer.Builder builder(String destination, String group, ConsumerOptions options) {
            return MemoryConsumer.builder()
                    .broker(broker)
                    .topic(destination)
                    .consumerGroup(group)
                    .options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return MemoryProducer.builder()
                    .broker(broker)
                    .topic(destination)
                    .options(options)
                    .build();
        }

        @Override
        public boolean canStopServer() {
            return true;
        }

        @Override
        public void stopServer() {
            broker.stop();
        }

        @Override
        public void startServer() {
            broker.start();
        }
    }
}
