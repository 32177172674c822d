package io.pythia.cdc;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Message;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A first read of a table behind a row that nobody settles. */
@Timeout(240)
class CdcLogSnapshotLimitIT {
    private static final int LIMIT = 100_000;
    private static final int ROWS = LIMIT + 20_000;

    private final TestDatabase database = TestDatabase.postgres(TestServers.postgres());
    private final LogWorkers workers = new LogWorkers(database);
    private final String table = database.newTable();

    @Test
    void snapshot_waitsBehindAHundredThousandOpenRows_andGoesOnWhenTheyAreSettled() {
        database.execute("INSERT INTO " + table + " (id, name) SELECT i, 'n' FROM generate_series(1, " + ROWS + ") i");
        int page = 1_000;
        try (CdcWorker worker = workers.worker(table)
                .batchSize(page)
                .maxInFlight(2 * ROWS)
                .maxInFlightBytes(1L << 30)
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(2 * ROWS);
            worker.consume().subscribe(subscriber);
            Message first = subscriber.await(1).get(0);
            eventually("the limit", () -> subscriber.count() >= LIMIT);
            Awaitility.await()
                    .during(Duration.ofSeconds(1)) // all the rest takes a fraction of it
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> subscriber.count() < LIMIT + 2 * page);
            subscriber.messages().stream().skip(1).forEach(Message::ack);
            assertThat(subscriber.count()).isLessThan(LIMIT + 2 * page); // the first is what all others stand behind
            TestSubscriber.get(first.ack());
            Set<Object> keys = subscriber.await(ROWS).stream()
                    .map(message -> Events.event(message).key())
                    .collect(Collectors.toSet());
            assertThat(keys).hasSize(ROWS);
            subscriber.messages().forEach(Message::ack);
        }
        workers.dropSlot();
    }
}
