package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Consumes in a process that is killed: {@code ConsumingChild <url> <table> <mode> <slot> <journal>}. With one argument more it reads all rows
 * anew where the slot is lost, and is ready before it connects.
 */
public final class ConsumingChild {
    /** So long that a kill comes in the middle. */
    private static final long WORK = 200_000;

    private ConsumingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[4]));
        CdcConfig.Builder config = CdcConfig.builder()
                .mode(CdcMode.valueOf(args[2]))
                .slot(args[3])
                .publication("p_" + args[3])
                .stateKey(args[3]);
        if (args[0].startsWith("mariadb:")) {
            config.overlap(Duration.ofSeconds(1));
        }
        if (args.length > 5) {
            config.onSlotLoss(SlotLoss.SNAPSHOT);
            System.out.println(ChildJvm.READY);
        }
        CdcWorker worker = CdcWorker.builder()
                .dbUrl(args[0])
                .tables(args[1])
                .pollInterval(Duration.ofMillis(20))
                .maxInFlight(500)
                .listener(new BrokerListener() {
                    @Override
                    public void dataLoss(String broker, Gap gap) {
                        System.out.println("LOSS " + gap.detail());
                    }
                })
                .config(config.build())
                .build();
        worker.connect().get();
        worker.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            LockSupport.parkNanos(WORK);
                            journal.write(String.valueOf(message.unwrap(ChangeEvent.class)
                                    .orElseThrow()
                                    .key()
                                    .get("id")));
                            message.ack();
                        },
                        error -> {
                            error.printStackTrace();
                            System.exit(1);
                        }));
        System.out.println(ChildJvm.READY);
        Thread.currentThread().join();
    }
}
