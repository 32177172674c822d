package io.pythia.kafka;

import io.pythia.testkit.FaultRuns;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <servers> <topic> <group> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        KafkaConsumer consumer = KafkaConsumer.builder()
                .topic(args[1])
                .consumerGroup(args[2])
                .config(KafkaConfig.builder()
                        .bootstrapServers(args[0])
                        .sessionTimeout(Duration.ofSeconds(1))
                        .heartbeatInterval(Duration.ofMillis(300))
                        .build())
                .maxInFlight(500)
                .build();
        FaultRuns.consumeUntilKilled(consumer, Path.of(args[3]));
    }
}
