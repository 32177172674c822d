package io.pythia.rabbitmq;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ShutdownSignalException;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The queue, the exchange and the bindings that a consumer or a producer needs, and what is done about them.
 *
 * @param queue empty for a producer that has only an exchange
 * @param exchange null for none: the queue is reached by its name
 * @param routingKeys the keys of the bindings between the two
 */
record Topology(
        TopologyPolicy policy,
        String queue,
        boolean durable,
        boolean exclusive,
        boolean autoDelete,
        Map<String, Object> queueArguments,
        @Nullable String exchange,
        ExchangeType exchangeType,
        List<String> routingKeys,
        Map<String, Object> bindingArguments,
        MissingQueue missing) {

    /** What one step of it does. */
    private interface Step {
        void run() throws IOException;
    }

    /**
     * Does what the policy says.
     *
     * @throws DestinationNotFoundException if something is missing
     * @throws BrokerException if something exists with other properties, which are named
     */
    void apply(String name, Channel channel) {
        switch (policy) {
            case DECLARE -> declare(name, channel);
            case PASSIVE -> check(name, channel);
            case NONE -> {}
        }
    }

    private void declare(String name, Channel channel) {
        if (exchange != null && !isBuiltIn(exchange)) {
            step(
                    name + ": declaring the exchange '" + exchange + "'",
                    () -> channel.exchangeDeclare(exchange, exchangeType.wireName(), durable, false, null));
        }
        if (!queue.isEmpty()) {
            step(
                    name + ": declaring the queue '" + queue + "'",
                    () -> channel.queueDeclare(queue, durable, exclusive, autoDelete, queueArguments));
        }
        if (exchange != null && !queue.isEmpty()) {
            for (String key : routingKeys) {
                step(
                        name + ": binding the queue '" + queue + "' to the exchange '" + exchange + "'",
                        () -> channel.queueBind(queue, exchange, key, bindingArguments));
            }
        }
    }

    private void check(String name, Channel channel) {
        if (exchange != null && !exchange.isEmpty()) {
            step(
                    name + ": looking for the exchange '" + exchange + "'",
                    () -> channel.exchangeDeclarePassive(exchange));
        }
        if (!queue.isEmpty()) {
            step(name + ": looking for the queue '" + queue + "'", () -> channel.queueDeclarePassive(queue));
        }
    }

    private void step(String doing, Step step) {
        try {
            step.run();
        } catch (IOException | ShutdownSignalException | IllegalArgumentException e) {
            throw translate(doing, e);
        }
    }

    /** Translates an error of looking for or using what is described here. */
    BrokerException translate(String doing, Exception error) {
        BrokerException translated = RabbitMQErrors.translate(doing, error);
        String text = String.valueOf(translated.getMessage());
        if (translated instanceof DestinationNotFoundException && missing == MissingQueue.WAIT) {
            return new BrokerException(text, error, true);
        }
        // What can't be declared now can't be later; elsewhere the same code is about deliveries.
        return text.contains("PRECONDITION_FAILED") ? new BrokerException(text, error) : translated;
    }

    /** The broker's own exchanges are there, and can't be declared with other properties. */
    private static boolean isBuiltIn(String exchange) {
        return exchange.isEmpty() || exchange.startsWith("amq.");
    }
}
