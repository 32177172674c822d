package io.pythia.cloud.azure;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ServiceBusReceiver} needs to know.
 *
 * @param maxLease for how long the lock of a session is renewed for the sake of one message
 * @param sessions how many sessions are held at a time, 0 for a queue without sessions
 * @param sessionId the only session that is wanted, null for any
 */
record ServiceBusConsumerSettings(
        String name,
        AzureConfig config,
        ServiceBusEntity entity,
        Duration maxWaitTime,
        int prefetchCount,
        Duration lockDuration,
        Duration maxLease,
        int sessions,
        @Nullable String sessionId,
        SilenceWatch silence) {}
