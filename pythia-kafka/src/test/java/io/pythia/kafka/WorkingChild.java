package io.pythia.kafka;

import io.pythia.ConnectPolicy;
import io.pythia.Worker;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Works until it gets SIGTERM: {@code WorkingChild <servers> <topic> <journal>}. */
public final class WorkingChild {
    private WorkingChild() {}

    /** Runs until the process is asked to end. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[2]));
        KafkaConsumer consumer = KafkaConsumer.builder()
                .topic(args[1])
                .consumerGroup(args[1])
                .connectPolicy(ConnectPolicy.WAIT)
                .config(KafkaConfig.builder()
                        .bootstrapServers(args[0])
                        .sessionTimeout(Duration.ofSeconds(30))
                        .build())
                .build();
        consumer.connect().get();
        System.out.println(ChildJvm.READY);
        Worker.from(consumer)
                .concurrency(8)
                .onMessage(message -> {
                    TimeUnit.MICROSECONDS.sleep(500); // a handler at work
                    journal.write(message.id());
                })
                .build()
                .run();
    }
}
