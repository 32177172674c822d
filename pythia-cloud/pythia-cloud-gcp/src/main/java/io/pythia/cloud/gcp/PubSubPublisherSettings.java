package io.pythia.cloud.gcp;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.spi.ProducerOptions;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a session of a publisher is made of.
 *
 * @param name the producer's, for messages
 * @param topic the full name
 * @param config how to reach the service
 * @param options what every producer has
 * @param orderingKey what messages keep their order within, null for the message's key
 * @param attributes headers that every message gets
 * @param maxRequestBytes how many bytes are published with one call, at most; one message may exceed it
 */
record PubSubPublisherSettings(
        String name,
        String topic,
        GcpConfig config,
        ProducerOptions options,
        @Nullable Function<Message, @Nullable String> orderingKey,
        Headers attributes,
        int maxRequestBytes) {}
