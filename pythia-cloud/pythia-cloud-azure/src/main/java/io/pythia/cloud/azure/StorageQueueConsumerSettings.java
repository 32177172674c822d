package io.pythia.cloud.azure;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link StorageQueueReceiver} needs to know.
 *
 * @param poisonQueue where rejected messages go, null if that is not the receiver's business
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
        @Nullable String poisonQueue,
        int maxDequeueCount) {}
