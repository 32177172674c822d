package io.pythia.examples.deque;

import io.pythia.BrokerListener;
import io.pythia.Message;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

// tag::harness[]
class DequeConformanceTest extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness();
    }

    private static final class Harness implements BrokerHarness {
        @Override
        public String name() {
            return "deque (example)";
        }

        @Override
        public Capabilities capabilities() {
            return DequeProvider.CAPABILITIES;
        }

        @Override
        public String newDestination() {
            return "deque-" + UUID.randomUUID();
        }

        @Override
        public @Nullable String missingDestination() {
            return null; // a queue is made by being used
        }

        @Override
        public Class<?> nativeType() {
            return Message.class;
        }

        @Override
        public MessageBroker consumer(String queue, String group, ConsumerOptions options, BrokerListener listener) {
            return new DequeProvider.Consumer.Builder(queue)
                    .options(options)
                    .listener(listener)
                    .build();
        }

        @Override
        public MessageBroker consumer(
                String queue, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return new DequeProvider.Consumer.Builder(queue)
                    .options(options)
                    .deadLetter(deadLetters)
                    .build();
        }

        @Override
        public MessageProducer producer(String queue, ProducerOptions options) {
            return new DequeProvider.Producer.Builder(queue).options(options).build();
        }

        @Override
        public boolean canStopServer() {
            return false;
        }

        @Override
        public void stopServer() {
            throw new UnsupportedOperationException("there is no server");
        }

        @Override
        public void startServer() {
            throw new UnsupportedOperationException("there is no server");
        }
    }
}
// end::harness[]
