package io.pythia.redis;

import io.pythia.BrokerListener;
import java.time.Duration;

/** What a {@link RedisStreamsReceiver} needs to know. */
record StreamSource(
        String name,
        RedisConfig config,
        String stream,
        String group,
        String consumer,
        boolean generatedConsumer,
        int batchSize,
        Duration blockTime,
        String startId,
        NoGroupPolicy noGroup,
        Duration claimMinIdle,
        boolean noAck,
        String bodyField,
        StreamPosition position,
        BrokerListener listener) {}
