package io.pythia.cloud.gcp;

import java.time.Duration;

/**
 * What a session of a subscriber is made of.
 *
 * @param name the consumer's, for messages
 * @param subscription the full name
 * @param config how to reach the service
 * @param connectTimeout how long opening may take
 * @param maxMessages how many messages may be outstanding
 * @param maxBytes how many bytes may be
 * @param ackDeadline for how long a message is reserved
 * @param maxLease for how long a message that waits here is kept reserved
 * @param attempts counts what the service does not
 */
record PubSubSubscriberSettings(
        String name,
        String subscription,
        GcpConfig config,
        Duration connectTimeout,
        int maxMessages,
        long maxBytes,
        Duration ackDeadline,
        Duration maxLease,
        Attempts attempts) {}
