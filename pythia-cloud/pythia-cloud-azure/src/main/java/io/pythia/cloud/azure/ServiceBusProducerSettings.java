package io.pythia.cloud.azure;

import io.pythia.Message;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ServiceBusSender} needs to know.
 *
 * @param sessions whether a message's key is its session
 * @param timeToLive how long messages are kept, null for as long as the queue says
 * @param enqueueAt when a message may be seen, null for at once
 */
record ServiceBusProducerSettings(
        String name,
        AzureConfig config,
        String destination,
        boolean sessions,
        @Nullable Duration timeToLive,
        Function<Message, @Nullable Instant> enqueueAt) {}
