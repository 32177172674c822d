package io.pythia.cloud.aws;

import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <address> <queue> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[2]));
        SqsConsumer consumer = SqsQueues.consumer(args[0], args[1])
                .visibilityTimeout(Duration.ofSeconds(3))
                .maxInFlight(Traffic.WINDOW)
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
