package io.pythia.redis;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;

/** Consumes in a process that is killed: {@code ConsumingChild <kind> <address> <destination> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        MessageBroker consumer = RedisKind.valueOf(args[0])
                .consumer(args[2], RedisServers.config(args[1]), RedisKind.consumerOptions(), BrokerListener.NONE);
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[3]));
    }
}
