package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.FirstRun;
import io.pythia.testkit.TestSubscriber;
import io.pythia.testkit.server.TestServers;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A table that is added to those of a consumer. */
@Timeout(240)
class CdcLogAddedTableIT {
    private final TestDatabase server = TestDatabase.postgres(TestServers.postgres());
    private final TestDatabase database = server.newDatabase();
    private final LogWorkers workers = new LogWorkers(database);
    private final String table = database.newTable();

    /** Its rows come from a snapshot, of the others nothing comes again; what a transaction has under way is not missed. */
    @ParameterizedTest
    @EnumSource(FirstRun.class)
    void tableThatIsAddedLater_isReadAsTheFirstRunSays(FirstRun firstRun) throws SQLException {
        CdcConfig config = workers.config().firstRun(firstRun).build();
        try (CdcWorker worker = workers.worker(config, table).build()) {
            Events events = Events.of(worker);
            database.insert(table, 1, "one");
            events.await(1);
        }
        String added = database.newTable();
        database.insert(added, 10, "old");
        database.insert(table, 2, "while it was away");
        try (Connection late = database.open();
                Statement statement = late.createStatement();
                CdcWorker worker = workers.worker(config, table, added).build()) {
            late.setAutoCommit(false);
            statement.execute("INSERT INTO " + added + " (id) VALUES (11)");
            TestSubscriber subscriber = TestSubscriber.acknowledging();
            worker.consume().subscribe(subscriber);
            eventually("a table that is published", () -> isPublished(added));
            if (firstRun == FirstRun.ALL) {
                eventually("a worker that waits for the transaction", this::looksForTransactions);
            }
            late.commit();
            Events events = new Events(subscriber);
            eventually("the log", () -> "log".equals(phase(worker)));
            database.insert(added, 20, "new");
            Set<Object> expected = firstRun == FirstRun.ALL ? Set.of(2L, 10L, 11L, 20L) : Set.of(2L, 20L);
            Set<Object> keys = new HashSet<>();
            events.await(expected.size())
                    .forEach(event -> keys.addAll(event.key().values()));
            assertThat(keys).isEqualTo(expected);
        }
        try (CdcWorker worker = workers.worker(config, table, added).build()) {
            Events events = Events.of(worker);
            database.insert(added, 30, "newer");
            assertThat(events.last(1).key()).isEqualTo(Map.of("id", 30L));
        }
        workers.dropSlot();
        server.execute("DROP DATABASE " + database.text("SELECT current_database()"));
    }

    private boolean isPublished(String added) {
        return database.number("SELECT count(*) FROM pg_publication_tables WHERE tablename = '" + added + "'") == 1;
    }

    private boolean looksForTransactions() {
        return database.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        + " AND pid <> pg_backend_pid() AND query LIKE '%pg_current_snapshot()%'")
                > 0;
    }

    private static @Nullable String phase(CdcWorker worker) {
        return TestSubscriber.get(worker.healthCheck()).facts().get("phase");
    }

    private static void eventually(String what, BooleanSupplier condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(condition::getAsBoolean);
    }
}
