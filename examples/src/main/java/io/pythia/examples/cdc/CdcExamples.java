package io.pythia.examples.cdc;

import io.pythia.Worker;
import io.pythia.cdc.CdcConfig;
import io.pythia.cdc.CdcMode;
import io.pythia.cdc.CdcWorker;
import io.pythia.cdc.ChangeEvent;
import java.time.Duration;
import java.util.function.Consumer;

/** What the documentation shows of change data capture. */
public final class CdcExamples {
    private CdcExamples() {}

    /** Polls tables. */
    public static Worker poll(String url, Consumer<ChangeEvent> handler) {
        // tag::polling[]
        CdcWorker changes = CdcWorker.builder()
                .dbUrl(url) // postgresql://app:secret@localhost/shop
                .tables("orders", "customers")
                .pollInterval(Duration.ofSeconds(5))
                .build();
        Worker worker = Worker.from(changes)
                .onMessage(message ->
                        handler.accept(message.unwrap(ChangeEvent.class).orElseThrow()))
                .build();
        worker.start();
        // end::polling[]
        return worker;
    }

    /** Reads the log of PostgreSQL. */
    public static CdcWorker log(String url) {
        // tag::log[]
        CdcWorker changes = CdcWorker.builder()
                .dbUrl(url)
                .tables("orders", "customers")
                .config(CdcConfig.builder()
                        .mode(CdcMode.LOG)
                        .slot("shop_to_search")
                        .publication("shop_to_search")
                        .build())
                .build();
        // end::log[]
        return changes;
    }
}
