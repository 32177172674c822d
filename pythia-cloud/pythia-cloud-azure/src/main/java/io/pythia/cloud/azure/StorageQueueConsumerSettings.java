package io.pythia.cloud.azure;

import java.time.Duration;

/**
 * What a {@link StorageQueueReceiver} needs to know.
 *
 * @param maxDequeueCount how often a message may have been taken before it goes to the poison queue unseen, 0 for no limit
 */
record StorageQueueConsumerSettings(
        String name,
        String queue,
        AzureConfig config,
        StorageQueueClients clients,
        Duration visibilityTimeout,
        int messageCount,
        Duration minPollInterval,
        Duration maxPollInterval,
        QueueEncoding encoding,
        boolean envelope,
        boolean createQueue,
        int maxDequeueCount) {}
