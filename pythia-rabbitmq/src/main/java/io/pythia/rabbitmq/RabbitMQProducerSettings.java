package io.pythia.rabbitmq;

import io.pythia.Message;
import java.time.Duration;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RabbitMQSender} needs to know.
 *
 * @param exchange the exchange to publish to; empty for the default one, which takes the routing key for the name of a queue
 */
record RabbitMQProducerSettings(
        String name,
        RabbitMQConfig config,
        Duration connectTimeout,
        Duration sendTimeout,
        Topology topology,
        String exchange,
        Function<Message, @Nullable String> routingKey,
        boolean persistent,
        boolean mandatory,
        boolean confirms,
        @Nullable Function<Message, @Nullable Integer> priority) {}
