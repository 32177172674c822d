package io.pythia.kafka;

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
import java.time.Duration;
import org.apache.kafka.clients.consumer.ConsumerRecord;

class KafkaConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness(TestServers.kafka());
    }

    private record Harness(TestServer server) implements BrokerHarness {
        @Override
        public String name() {
            return "kafka";
        }

        @Override
        public Capabilities capabilities() {
            return new KafkaBrokerProvider().capabilities();
        }

        @Override
        public String newDestination() {
            return KafkaTopics.create(server.address(), 3);
        }

        @Override
        public String missingDestination() {
            return "missing-topic";
        }

        @Override
        public Class<?> nativeType() {
            return ConsumerRecord.class;
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, BrokerListener listener) {
            return builder(server.address(), destination, group, options)
                    .listener(listener)
                    .build();
        }

        @Override
        public MessageBroker consumer(
                String destination, String group, ConsumerOptions options, MessageProducer deadLetters) {
            return builder(server.address(), destination, group, options)
                    .deadLetter(deadLetters)
                    .build();
        }

        /** With the client's session timeout, a consumer that is closed while it joins could hold up the group for most of a case's time. */
        private static KafkaConsumer.Builder builder(
                String servers, String topic, String group, ConsumerOptions options) {
            return KafkaConsumer.builder()
                    .topic(topic)
                    .consumerGroup(topic + "-" + group)
                    .config(KafkaConfig.builder()
                            .bootstrapServers(servers)
                            .sessionTimeout(Duration.ofSeconds(15))
                            .build())
                    .options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return KafkaProducer.builder()
                    .topic(destination)
                    .bootstrapServers(server.address())
                    .options(options)
                    .build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return builder("127.0.0.1:1", "orders", "group", options).build();
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
    }
}
