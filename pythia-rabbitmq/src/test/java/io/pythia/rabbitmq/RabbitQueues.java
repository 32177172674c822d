package io.pythia.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.io.IOException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeoutException;

/** Queues and exchanges for tests, each with a name of its own, by the raw client. */
final class RabbitQueues {
    /** What a test does with the raw client. */
    interface Work<T> {
        T with(Channel channel) throws IOException;
    }

    /** The server of the conformance cases, which kill it: name of a lock. */
    static final String SHARED = "the shared RabbitMQ";

    private RabbitQueues() {}

    static String name() {
        return "test-" + UUID.randomUUID();
    }

    static String create(String address) {
        return create(address, Map.of());
    }

    static String create(String address, Map<String, Object> arguments) {
        String name = name();
        return on(
                address,
                channel -> channel.queueDeclare(name, true, false, false, arguments)
                        .getQueue());
    }

    static long ready(String address, String queue) {
        return on(address, channel -> channel.messageCount(queue));
    }

    static <T> T on(String address, Work<T> work) {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost(host(address));
        factory.setPort(port(address));
        try (Connection connection = factory.newConnection("test");
                Channel channel = connection.createChannel()) {
            return work.with(channel);
        } catch (IOException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }

    static RabbitMQConfig config(String address) {
        return RabbitMQConfig.builder().host(host(address)).port(port(address)).build();
    }

    static String host(String address) {
        return address.substring(0, address.lastIndexOf(':'));
    }

    static int port(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }
}
