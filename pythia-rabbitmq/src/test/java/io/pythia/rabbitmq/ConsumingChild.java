package io.pythia.rabbitmq;

import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;

/** Consumes in a process that is killed: {@code ConsumingChild <address> <queue> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        RabbitMQConsumer consumer = RabbitMQConsumer.builder()
                .queue(args[1])
                .config(RabbitQueues.config(args[0]))
                .prefetchCount(RabbitTraffic.PREFETCH)
                .build();
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[2]));
    }
}
