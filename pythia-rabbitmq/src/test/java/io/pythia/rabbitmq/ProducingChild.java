package io.pythia.rabbitmq;

import io.pythia.Message;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/** Sends in a process that is killed, and writes down what was confirmed: {@code ProducingChild <address> <queue> <journal> <prefix>}. */
public final class ProducingChild {
    private ProducingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[2]));
        Semaphore window = new Semaphore(1_000);
        RabbitMQProducer producer = RabbitMQProducer.builder()
                .queue(args[1])
                .config(RabbitQueues.config(args[0]))
                .build();
        producer.connect().get();
        System.out.println(ChildJvm.READY);
        for (int i = 0; ; i++) {
            window.acquire();
            producer.send(Message.builder().id(args[3] + "-" + i).body("x").build())
                    .thenAccept(result -> {
                        journal.write(result.id());
                        window.release();
                    });
        }
    }
}
