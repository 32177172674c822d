package io.pythia.cloud.aws;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.Capabilities;
import io.pythia.spi.ConsumerOptions;
import io.pythia.spi.ProducerOptions;
import io.pythia.testkit.BrokerConformance;
import io.pythia.testkit.BrokerHarness;
import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.server.TestServers;
import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.services.sqs.model.Message;

/** Standard queues of ElasticMQ. */
class SqsConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return Harness.of(false);
    }

    record Harness(String direct, FaultProxy proxy, boolean fifo) implements BrokerHarness {
        /** Goes through a proxy of its own, since other classes use the server at the same time. */
        static Harness of(boolean fifo) {
            String direct = TestServers.sqs().address();
            URI address = URI.create("tcp://" + direct);
            return new Harness(direct, new FaultProxy(address.getHost(), address.getPort()), fifo);
        }

        private String address() {
            return "127.0.0.1:" + proxy.port();
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
            return SqsQueues.create(direct, fifo);
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
            return consumer(queue).options(options).listener(listener).build();
        }

        @Override
        public MessageBroker consumer(
                String queue, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return consumer(queue).options(options).deadLetter(deadLetters).build();
        }

        /** What a lost answer has brought is there again soon. */
        private SqsConsumer.Builder consumer(String queue) {
            return SqsQueues.consumer(address(), queue).visibilityTimeout(Duration.ofSeconds(10));
        }

        @Override
        public MessageProducer producer(String queue, ProducerOptions options) {
            return SqsQueues.producer(address(), queue).options(options).build();
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
            return true;
        }

        /** As a service goes away: it keeps its messages, and nothing answers. The fault tests kill a server. */
        @Override
        public void stopServer() {
            proxy.down();
        }

        @Override
        public void startServer() {
            proxy.up();
        }

        @Override
        public void close() {
            proxy.close();
        }
    }
}
