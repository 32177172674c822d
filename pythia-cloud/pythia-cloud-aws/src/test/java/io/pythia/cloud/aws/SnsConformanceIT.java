package io.pythia.cloud.aws;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;

/** A destination is a topic with a queue of the same name subscribed to it, from which the SQS consumer reads. */
class SnsConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness(TestServers.sns());
    }

    private record Harness(TestServer server) implements BrokerHarness {
        @Override
        public String name() {
            return "sns";
        }

        @Override
        public Capabilities capabilities() {
            return SnsBrokerProvider.CAPABILITIES;
        }

        @Override
        public String newDestination() {
            String name = SnsTopics.create(server.address(), false);
            SqsQueues.create(server.address(), name, java.util.Map.of());
            SnsTopics.subscribe(server.address(), name, name, true);
            return name;
        }

        @Override
        public String missingDestination() {
            return "missing";
        }

        @Override
        public MessageBroker consumer(String name, String group, ConsumerOptions options, BrokerListener listener) {
            return SqsQueues.consumer(server.address(), name)
                    .options(options)
                    .listener(listener)
                    .build();
        }

        @Override
        public MessageBroker consumer(String name, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return SqsQueues.consumer(server.address(), name)
                    .options(options)
                    .deadLetter(deadLetters)
                    .build();
        }

        @Override
        public MessageProducer producer(String name, ProducerOptions options) {
            return SnsTopics.producer(server.address(), name).options(options).build();
        }

        @Override
        public boolean canStopServer() {
            return false; // it keeps nothing: its topics and queues would be gone
        }

        @Override
        public void stopServer() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void startServer() {
            throw new UnsupportedOperationException();
        }
    }
}
