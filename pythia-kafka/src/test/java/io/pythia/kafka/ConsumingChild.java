package io.pythia.kafka;

import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <servers> <topic> <group> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[3]));
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
        consumer.connect().get();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            journal.write(message.id());
                            message.ack();
                        },
                        error -> System.exit(1)));
        System.out.println(ChildJvm.READY);
        Thread.currentThread().join();
    }
}
