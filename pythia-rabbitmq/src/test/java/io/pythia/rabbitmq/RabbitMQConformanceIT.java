package io.pythia.rabbitmq;

import com.rabbitmq.client.Delivery;
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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.parallel.ResourceLock;

/** A destination is an exchange; a group is a queue that is bound to it. */
@ResourceLock(RabbitQueues.SHARED)
class RabbitMQConformanceIT extends BrokerConformance {

    @Override
    protected BrokerHarness createHarness() {
        return new Harness(TestServers.rabbit(), QueueType.CLASSIC);
    }

    record Harness(TestServer server, QueueType type) implements BrokerHarness {
        @Override
        public String name() {
            return type == QueueType.CLASSIC ? "rabbitmq" : "rabbitmq-quorum";
        }

        @Override
        public Capabilities capabilities() {
            return builder("any", "any", ConsumerOptions.defaults()).build().capabilities();
        }

        @Override
        public String newDestination() {
            String name = RabbitQueues.name();
            return RabbitQueues.on(server.address(), channel -> {
                channel.exchangeDeclare(name, "fanout", true);
                for (String group : List.of("group-a", "group-b")) {
                    channel.queueDeclare(name + "." + group, true, false, false, type.with(Map.of()));
                    channel.queueBind(name + "." + group, name, "");
                }
                return name;
            });
        }

        @Override
        public String missingDestination() {
            return "missing";
        }

        @Override
        public Class<?> nativeType() {
            return Delivery.class;
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

        private RabbitMQConsumer.Builder builder(String exchange, String group, ConsumerOptions options) {
            return RabbitMQConsumer.builder()
                    .queue(exchange + "." + group)
                    .queueType(type)
                    .topology(TopologyPolicy.PASSIVE)
                    .prefetchCount(1_000) // what a case keeps unsettled at once
                    .config(RabbitQueues.config(server.address()))
                    .options(options);
        }

        @Override
        public MessageProducer producer(String destination, ProducerOptions options) {
            return RabbitMQProducer.builder()
                    .exchange(destination)
                    .config(RabbitQueues.config(server.address()))
                    .options(options)
                    .build();
        }

        @Override
        public MessageBroker unreachableConsumer(ConsumerOptions options) {
            return builder("orders", "group", options)
                    .config(RabbitQueues.config("127.0.0.1:1"))
                    .build();
        }

        @Override
        public boolean canStopServer() {
            // A quorum queue that was made right before a kill does not come back: the broker's affair.
            return server.isOurs() && type == QueueType.CLASSIC;
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
