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
import software.amazon.awssdk.services.sqs.model.Message;

/** Standard queues of ElasticMQ. */
class SqsConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return Harness.of(false);
    }

    record Harness(TestServer server, boolean fifo) implements BrokerHarness {
        /** Its server is killed, while other classes run: one of its own, unless somebody gave one. */
        static Harness of(boolean fifo) {
            TestServer shared = TestServers.sqs();
            return new Harness(shared.isOurs() ? TestServers.newSqs() : shared, fifo);
        }

        @Override
        public String name() {
            return fifo ? "sqs-fifo" : "sqs";
        }

        @Override
        public Capabilities capabilities() {
            return SqsBrokerProvider.capabilities(fifo);
        }

        @Override
        public String newDestination() {
            return SqsQueues.create(server.address(), fifo);
        }

        @Override
        public String missingDestination() {
            return fifo ? "missing.fifo" : "missing";
        }

        @Override
        public Class<?> nativeType() {
            return Message.class;
        }

        @Override
        public MessageBroker consumer(String queue, String group, ConsumerOptions options, BrokerListener listener) {
            return SqsQueues.consumer(server.address(), queue)
                    .options(options)
                    .listener(listener)
                    .build();
        }

        @Override
        public MessageBroker consumer(
                String queue, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return SqsQueues.consumer(server.address(), queue)
                    .options(options)
                    .deadLetter(deadLetters)
                    .build();
        }

        @Override
        public MessageProducer producer(String queue, ProducerOptions options) {
            return SqsQueues.producer(server.address(), queue).options(options).build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return SqsQueues.consumer("127.0.0.1:1", "orders").options(options).build();
        }

        @Override
        public boolean givesOneOfAKeyAtATime() {
            return fifo;
        }

        @Override
        public boolean canStopServer() {
            return server.isOurs();
        }

        @Override
        public void stopServer() {
            server.kill();
        }

        @Override
        public void startServer() {
            server.start();
        }

        @Override
        public void close() {
            if (server.isOurs()) {
                server.close();
            }
        }
    }
}
