package io.pythia.http;

import io.pythia.StateStore;
import io.pythia.Subscribers;
import io.pythia.testkit.ChildJvm;
import io.pythia.testkit.Ledger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** Polls in a process of its own, writes each id to a journal, and then acknowledges: {@code <url> <state folder> <journal>}. */
public final class PollingChild {
    private PollingChild() {}

    /** Runs until it is killed. */
    public static void main(String[] args) throws Exception {
        Ledger.Journal journal = Ledger.journal(Path.of(args[2]));
        PollerWorker poller = PollerWorker.builder()
                .url(args[0])
                .config(FeedHarness.CONFIG)
                .pollInterval(Duration.ofMillis(20))
                .extract(FeedServer.extraction())
                .pagination(Pagination.cursor("/next", "after"))
                .stateStore(StateStore.file(Path.of(args[1])))
                .maxInFlight(300)
                .build();
        poller.consume()
                .subscribe(Subscribers.each(
                        message -> {
                            journal.write(message.id());
                            message.ack();
                        },
                        Throwable::printStackTrace));
        System.out.println(ChildJvm.READY);
        new CountDownLatch(1).await();
    }
}
