package io.pythia.cloud.aws;

import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <address> <queue> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        SqsConsumer consumer = SqsQueues.consumer(args[0], args[1])
                .visibilityTimeout(Duration.ofSeconds(3))
                .maxInFlight(SqsFaultsIT.WINDOW)
                .build();
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[2]));
    }
}
