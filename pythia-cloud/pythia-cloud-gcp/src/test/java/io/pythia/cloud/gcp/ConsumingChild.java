package io.pythia.cloud.gcp;

import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <address> <subscription> <journal>}. */
public final class ConsumingChild {
    static final int WINDOW = 50;

    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        PubSubSubscriber consumer = PubSubSubscriber.builder()
                .subscriptionName(args[1])
                .config(PubSubResources.config(args[0]))
                .maxMessages(WINDOW)
                .ackDeadline(Duration.ofSeconds(10))
                .build();
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[2]));
    }
}
