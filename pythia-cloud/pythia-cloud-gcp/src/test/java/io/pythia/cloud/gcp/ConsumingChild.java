package io.pythia.cloud.gcp;

import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;

/** Consumes in a process that is killed: {@code ConsumingChild <address> <subscription> <journal>}. */
public final class ConsumingChild {
    static final int WINDOW = 50;

    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[2]));
        PubSubSubscriber consumer = PubSubSubscriber.builder()
                .subscriptionName(args[1])
                .config(PubSubResources.config(args[0]))
                .maxMessages(WINDOW)
                .ackDeadline(Duration.ofSeconds(10))
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
