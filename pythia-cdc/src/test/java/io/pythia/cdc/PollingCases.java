package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.testkit.TestSubscriber;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What polling does on every database. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PollingCases {
    abstract TestDatabase database();

    CdcConfig config() {
        return CdcConfig.defaults();
    }

    CdcWorker.Builder worker(StateStore store, CdcConfig config, String... tables) {
        return CdcWorker.builder()
                .dbUrl(database().url())
                .tables(tables)
                .pollInterval(Duration.ofMillis(30))
                .stateStore(store)
                .config(config);
    }

    @Test
    void insertsAndUpdates_areToldApart() {
        String table = database().newTable();
        database().insert(table, 1, "one");
        try (CdcWorker worker = worker(StateStore.memory(), config(), table).build()) {
            Events events = Events.of(worker);
            ChangeEvent first = events.last(1);
            assertThat(first.operation()).isEqualTo(Operation.INSERT);
            assertThat(first.table()).isEqualToIgnoringCase(table);
            assertThat(first.key().values()).containsExactly(1L);
            assertThat(value(first, "name")).isEqualTo("one");
            database().update(table, 1, "uno");
            ChangeEvent second = events.last(2);
            assertThat(second.operation()).isEqualTo(Operation.UPDATE);
            assertThat(value(second, "name")).isEqualTo("uno");
            assertThat(second.commitTime()).isAfterOrEqualTo(first.commitTime());
            database().insert(table, 2, "two");
            assertThat(events.last(3).operation()).isEqualTo(Operation.INSERT);
            assertThat(events.subscriber().messages().get(2).key()).endsWithIgnoringCase(table + ":2");
            assertThat(events.subscriber().messages().get(2).text())
                    .containsIgnoringCase("\"name\":\"two\"")
                    .contains("\"operation\":\"insert\"");
        }
    }

    static long polls(CdcWorker worker) {
        return Long.parseLong(TestSubscriber.get(worker.healthCheck()).facts().getOrDefault("polls", "0"));
    }

    static Object value(ChangeEvent event, String column) {
        return java.util.Objects.requireNonNull(event.row()).entrySet().stream()
                .filter(each -> each.getKey().equalsIgnoreCase(column))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void secondChangeOfTheSameTime_arrives() {
        String table = database().newTable();
        StateStore store = StateStore.memory();
        database().insert(table, 1, "one");
        try (CdcWorker worker = worker(store, config(), table).build()) {
            Events events = Events.of(worker);
            events.await(1);
            database().execute("UPDATE " + table + " SET name = 'uno' WHERE id = 1");
            assertThat(value(events.last(2), "name")).isEqualTo("uno");
            if (!database()
                    .url()
                    .startsWith("postgresql:")) { // there the window finds it, and the position is the cursor
                var messages = events.subscriber().messages();
                assertThat(messages.get(1).id()).isNotEqualTo(messages.get(0).id());
            }
        }
        database().insert(table, 2, "two");
        try (CdcWorker worker = worker(store, config(), table).build()) {
            Events events = Events.of(worker);
            assertThat(value(events.last(1), "name")).isEqualTo("two");
            database().execute("UPDATE " + table + " SET name = 'eins' WHERE id = 1");
            assertThat(value(events.last(2), "name")).isEqualTo("eins");
        }
    }

    @Test
    void withoutACreationTime_itIsAnUpsert() {
        String table = database().newTable();
        database().insert(table, 1, "one");
        CdcConfig config = config().toBuilder().createdColumn("no_such_column").build();
        try (CdcWorker worker = worker(StateStore.memory(), config, table).build()) {
            assertThat(Events.of(worker).last(1).operation()).isEqualTo(Operation.UPSERT);
        }
    }

    @Test
    void anotherColumn_canBeTheCursor() {
        String table = TestDatabase.newName("t");
        database()
                .execute(
                        "CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)",
                        "INSERT INTO " + table + " VALUES (1, 7)",
                        "INSERT INTO " + table + " VALUES (2, 7)");
        CdcConfig config = config().toBuilder().updatedColumn("version").build();
        StateStore store = StateStore.memory();
        try (CdcWorker worker = worker(store, config, table).build()) {
            Events events = Events.of(worker);
            events.await(2);
            database().execute("UPDATE " + table + " SET version = 8 WHERE id = 1");
            assertThat(events.last(3).key().values()).containsExactly(1L);
        }
        database().execute("UPDATE " + table + " SET version = 9 WHERE id = 2");
        try (CdcWorker worker = worker(store, config, table).build()) {
            assertThat(Events.of(worker).last(1).key().values()).containsExactly(2L);
        }
    }

    @Test
    void manyRowsOfOneTime_inSmallPages_allArriveOnce() {
        String table = database().newTable();
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            rows.add("(" + i + ", 'n" + i + "', '2026-01-02 03:04:05', '2026-01-02 03:04:05')");
        }
        database()
                .execute("INSERT INTO " + table + " (id, name, created_at, updated_at) VALUES "
                        + String.join(", ", rows));
        StateStore store = StateStore.memory();
        Set<Object> keys = new HashSet<>();
        int delivered = 0;
        // Each consumer ends in the middle of a page of rows of one and the same time.
        for (int round = 1; round <= 4; round++) {
            try (CdcWorker worker = worker(store, config(), table).batchSize(7).build()) {
                TestSubscriber subscriber = TestSubscriber.requesting(round < 4 ? 100 : 1_000);
                worker.consume().subscribe(subscriber);
                List<io.pythia.Message> some = subscriber.await(round < 4 ? 100 : 200);
                some.forEach(message -> TestSubscriber.get(message.ack()));
                some.forEach(message -> keys.add(Events.event(message).key()));
                delivered += some.size();
            }
        }
        assertThat(keys).hasSize(500);
        assertThat(delivered).isEqualTo(500);
    }

    @Test
    void rowThatIsCommittedLate_withAnOlderTime_arrives() throws SQLException {
        String table = database().newTable();
        try (CdcWorker worker = worker(StateStore.memory(), config(), table).build();
                Connection late = database().open();
                Statement statement = late.createStatement()) {
            Events events = Events.of(worker);
            late.setAutoCommit(false);
            if (database().dialect() != Dialect.SQLITE) { // has one writer at a time
                statement.execute("INSERT INTO " + table + " (id, name) VALUES (1, 'late')");
            }
            String early = switch (database().dialect()) {
                case POSTGRESQL -> "clock_timestamp() - interval '20 s'";
                case MYSQL -> "UTC_TIMESTAMP(6) - INTERVAL 20 SECOND";
                case SQLITE -> "strftime('%Y-%m-%d %H:%M:%f', 'now', '-20 seconds')";
                case H2 -> "DATEADD(SECOND, -20, CURRENT_TIMESTAMP)";
            };
            for (int id = 10; id < 15; id++) {
                database().insert(table, id, "early");
            }
            if (database().dialect() == Dialect.POSTGRESQL) {
                // Nothing of a later transaction is given out before the end of an earlier one.
                assertThat(events.subscriber().count()).isZero();
            } else {
                events.await(5);
            }
            statement.execute("INSERT INTO " + table + " (id, name, updated_at) VALUES (2, 'later', " + early + ")");
            late.commit();
            Set<Object> expected = new HashSet<>(Set.of(2L, 10L, 11L, 12L, 13L, 14L));
            if (database().dialect() != Dialect.SQLITE) {
                expected.add(1L);
            }
            Set<Object> keys = new HashSet<>();
            events.await(expected.size())
                    .forEach(event -> keys.addAll(event.key().values()));
            assertThat(keys).isEqualTo(expected);
        }
    }

    @Test
    void onlyNew_passesOverWhatIsThere_andSoDoesTheNextOne() {
        String table = database().newTable();
        database().insert(table, 1, "old");
        CdcConfig config = config().toBuilder().firstRun(FirstRun.ONLY_NEW).build();
        StateStore store = StateStore.memory();
        try (CdcWorker worker = worker(store, config, table).build()) {
            Events events = Events.of(worker);
            database().insert(table, 2, "new");
            assertThat(events.last(1).key().values()).containsExactly(2L);
        }
        database().insert(table, 3, "newer");
        try (CdcWorker worker = worker(store, config, table).build()) {
            assertThat(Events.of(worker).last(1).key().values()).containsExactly(3L);
        }
    }

    /** As at the first run, all of its rows or only the new ones; of the others nothing comes again. */
    @ParameterizedTest
    @EnumSource(FirstRun.class)
    void tableThatIsAddedLater_isReadAsTheFirstRunSays(FirstRun firstRun) {
        boolean all = firstRun == FirstRun.ALL;
        CdcConfig config = config().toBuilder().firstRun(firstRun).build();
        StateStore store = StateStore.memory();
        String table = database().newTable();
        String empty = database().newTable();
        String added = database().newTable();
        database().insert(added, 10, "old");
        try (CdcWorker worker = worker(store, config, table, empty).build()) {
            Events events = Events.of(worker);
            database().insert(table, 1, "one");
            events.await(1);
        }
        database().insert(added, 11, "before it was added");
        database().insert(empty, 2, "while it was away");
        for (int round = 0; round < 2; round++) { // the second time it is known
            try (CdcWorker worker = worker(store, config, table, empty, added).build()) {
                Events events = Events.of(worker);
                Set<Object> expected = new HashSet<>(Set.of(20L + round));
                if (round == 0) {
                    expected.add(2L);
                    if (all) {
                        expected.addAll(Set.of(10L, 11L));
                    }
                }
                database().insert(added, 20 + round, "new");
                Set<Object> keys = new HashSet<>();
                events.await(expected.size())
                        .forEach(event -> keys.addAll(event.key().values()));
                assertThat(keys).isEqualTo(expected);
            }
        }
    }

    /** The last of its rows were remembered, as those of the overlap: they count as new nevertheless. */
    @Test
    void tableThatIsTakenAway_countsAsAdded_whenItIsPutBack() {
        StateStore store = StateStore.memory();
        String table = database().newTable();
        String other = database().newTable();
        database().insert(table, 1, "one");
        database().insert(other, 2, "two");
        try (CdcWorker worker = worker(store, config(), table, other).build()) {
            Events.of(worker).await(2);
        }
        database().insert(table, 3, "while the other was away");
        try (CdcWorker worker = worker(store, config(), table).build()) {
            assertThat(Events.of(worker).last(1).key().values()).containsExactly(3L);
        }
        try (CdcWorker worker = worker(store, config(), table, other).build()) {
            Events events = Events.of(worker);
            assertThat(events.last(1).key().values()).containsExactly(2L);
            database().insert(table, 4, "four");
            assertThat(events.last(2).key().values()).containsExactly(4L);
        }
    }

    @Test
    void placeIsStoredOnlyWhenAcknowledged() {
        String table = database().newTable();
        for (int id = 0; id < 10; id++) {
            database().insert(table, id, "n");
        }
        StateStore store = StateStore.memory();
        try (CdcWorker worker = worker(store, config(), table)
                .closeTimeout(Duration.ofSeconds(1))
                .build()) {
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            worker.consume().subscribe(subscriber);
            List<io.pythia.Message> messages = subscriber.await(10);
            for (int i : List.of(0, 1, 2, 4)) {
                TestSubscriber.get(messages.get(i).ack());
            }
        }
        try (CdcWorker worker = worker(store, config(), table).build()) {
            // The fourth was not acknowledged: from there on all come again.
            assertThat(Events.of(worker).await(7).get(0).key().values()).containsExactly(3L);
        }
    }

    @Test
    void compositeKeys_andTablesTogether() {
        String table = TestDatabase.newName("t");
        String other = database().newTable();
        database()
                .execute("CREATE TABLE " + table + " (a INTEGER, b VARCHAR(50), name VARCHAR(50), updated_at "
                        + database().timestamp() + ", PRIMARY KEY (b, a))");
        database().execute("INSERT INTO " + table + " (a, b, name) VALUES (1, 'x''y', 'n')");
        database().insert(other, 5, "o");
        try (CdcWorker worker =
                worker(StateStore.memory(), config(), table, other).build()) {
            Events events = Events.of(worker);
            List<ChangeEvent> both = events.await(2);
            assertThat(both.get(0).key().values()).containsExactly("x'y", 1L);
            assertThat(both.get(1).key().values()).containsExactly(5L);
            assertThat(events.subscriber().messages().get(0).source()).containsIgnoringCase(table);
            database().execute("INSERT INTO " + table + " (a, b, name) VALUES (2, 'x', 'n')");
            assertThat(events.last(3).key().values()).containsExactly("x", 2L);
        }
    }

    @Test
    void tombstones_areDeletes() {
        String table = TestDatabase.newName("t");
        database()
                .execute(
                        "CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, gone BOOLEAN, updated_at "
                                + database().timestamp() + ")",
                        "INSERT INTO " + table + " (id, gone) VALUES (1, FALSE)");
        CdcConfig config = config().toBuilder().deletedColumn("gone").build();
        try (CdcWorker worker = worker(StateStore.memory(), config, table).build()) {
            Events events = Events.of(worker);
            assertThat(events.last(1).operation()).isNotEqualTo(Operation.DELETE);
            database()
                    .execute("UPDATE " + table + " SET gone = TRUE, updated_at = "
                            + database().now() + " WHERE id = 1");
            ChangeEvent gone = events.last(2);
            assertThat(gone.operation()).isEqualTo(Operation.DELETE);
            assertThat(gone.after()).isNull();
            assertThat(gone.before()).isNotNull();
        }
    }

    @Test
    void tableThatIsAltered_isLookedUpAnew() {
        String table = database().newTable();
        database().insert(table, 1, "one");
        try (CdcWorker worker = worker(StateStore.memory(), config(), table).build()) {
            Events events = Events.of(worker);
            events.await(1);
            database()
                    .execute(
                            "ALTER TABLE " + table + " ADD COLUMN extra VARCHAR(20)",
                            "INSERT INTO " + table + " (id, name, extra) VALUES (2, 'two', 'more')");
            assertThat(value(events.last(2), "extra")).isEqualTo("more");
            database()
                    .execute(
                            "ALTER TABLE " + table + " DROP COLUMN extra",
                            "INSERT INTO " + table + " (id, name) VALUES (3, 'three')");
            assertThat(Events.after(events.ofRow(3L))).hasSize(4);
            database()
                    .execute(
                            "ALTER TABLE " + table
                                    + (database().dialect() == Dialect.H2
                                            ? " ALTER COLUMN name RENAME TO title"
                                            : " RENAME COLUMN name TO title"),
                            "INSERT INTO " + table + " (id, title) VALUES (4, 'four')");
            assertThat(value(events.ofRow(4L), "title")).isEqualTo("four");
        }
    }

    @Test
    void whatIsMissing_isSaidAtOnce() {
        String noKey = TestDatabase.newName("t");
        String noTime = TestDatabase.newName("t");
        database()
                .execute(
                        "CREATE TABLE " + noKey + " (id INTEGER, updated_at "
                                + database().timestamp() + ")",
                        "CREATE TABLE " + noTime + " (id INTEGER PRIMARY KEY)");
        refused(
                worker(StateStore.memory(), config(), "no_such_table"),
                DestinationNotFoundException.class,
                "no_such_table");
        refused(worker(StateStore.memory(), config(), noKey), BrokerException.class, "no primary key");
        refused(worker(StateStore.memory(), config(), noTime), BrokerException.class, "updated-column");
        refused(
                worker(StateStore.memory(), config(), noTime + "; DROP TABLE " + noTime),
                DestinationNotFoundException.class,
                "no table");
        assertThat(database().number("SELECT count(*) FROM " + noTime)).isZero();
    }

    static void refused(CdcWorker.Builder builder, Class<? extends Throwable> type, String text) {
        try (CdcWorker worker = builder.build()) {
            assertThatThrownBy(() -> TestSubscriber.get(worker.connect()))
                    .satisfies(error -> assertThat(root(error))
                            .isInstanceOf(type)
                            .hasMessageStartingWith(worker.name())
                            .hasMessageContaining(text));
        }
    }

    static Throwable root(Throwable error) {
        Throwable cause = error;
        while (!(cause instanceof BrokerException) && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    @Test
    void tableOfTheDatabase_keepsThePlace_andAFolderDoes() throws Exception {
        String table = database().newTable();
        database().insert(table, 1, "one");
        String key = TestDatabase.newName("k");
        CdcConfig inTable =
                config().toBuilder().stateTable("places").stateKey(key).build();
        java.nio.file.Path folder = java.nio.file.Files.createTempDirectory("cdc-state");
        CdcConfig inFolder = config().toBuilder().stateFolder(folder).build();
        for (CdcConfig config : List.of(inTable, inFolder)) {
            for (int round = 1; round <= 2; round++) {
                CdcWorker.Builder builder = CdcWorker.builder()
                        .dbUrl(database().url())
                        .tables(table)
                        .pollInterval(Duration.ofMillis(30))
                        .config(config);
                try (CdcWorker worker = builder.build()) {
                    Events events = Events.of(worker);
                    if (round == 2) {
                        database().update(table, 1, "changed");
                    }
                    assertThat(events.last(1).key().values()).containsExactly(1L);
                    assertThat(events.subscriber().count()).isEqualTo(1);
                }
            }
        }
        assertThat(database().text("SELECT id FROM places WHERE id LIKE '%" + key + "'"))
                .endsWith(key);
        assertThat(folder.toFile().list()).hasSize(1);
    }
}
