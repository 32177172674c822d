package io.pythia.cloud.azure;

import io.pythia.MessageBroker;
import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <servicebus|storage-queue> <connection string> <queue> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        AzureConfig config = AzureConfig.of(args[1]);
        MessageBroker consumer = args[0].equals("servicebus")
                ? ServiceBusConsumer.builder().queueName(args[2]).config(config).build()
                : StorageQueueConsumer.builder()
                        .queueName(args[2])
                        .config(config)
                        .maxDequeueCount(0)
                        .visibilityTimeout(Duration.ofSeconds(3))
                        .maxPollInterval(Duration.ofMillis(300))
                        .build();
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[3]));
    }
}
