package io.pythia.rabbitmq;

import java.time.Duration;
import java.util.Map;

/** What a {@link RabbitMQReceiver} needs to know. */
record RabbitMQConsumerSettings(
        String name,
        RabbitMQConfig config,
        Duration connectTimeout,
        Topology topology,
        int prefetchCount,
        boolean autoAck,
        boolean exclusive,
        Map<String, Object> consumerArguments) {}
