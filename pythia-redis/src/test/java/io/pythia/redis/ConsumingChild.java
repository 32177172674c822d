package io.pythia.redis;

import io.pythia.BrokerListener;
import io.pythia.MessageBroker;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;

/** Consumes in a process that is killed: {@code ConsumingChild <kind> <address> <destination> <journal>}. */
public final class ConsumingChild {
    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[3]));
        MessageBroker consumer = RedisKind.valueOf(args[0])
                .consumer(args[2], RedisServers.config(args[1]), RedisKind.consumerOptions(), BrokerListener.NONE);
        consumer.connect().get();
        consumer.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            journal.write(message.text());
                            message.ack();
                        },
                        error -> System.exit(1)));
        System.out.println(ChildJvm.READY);
        Thread.currentThread().join();
    }
}
