package io.pythia.redis;

import io.pythia.BrokerListener;
import java.util.List;

/** What a {@link RedisPubSubReceiver} needs to know. */
record ChannelSource(
        String name,
        RedisConfig config,
        List<String> channels,
        List<String> patterns,
        boolean sharded,
        int bufferSize,
        long bufferBytes,
        BufferOverflow overflow,
        ChannelGap gap,
        BrokerListener listener) {}
