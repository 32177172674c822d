package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.FirstRun;
import io.pythia.StateStore;
import io.pythia.cdc.ChangeEvent.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the log of deletes does on every database that has triggers in SQL. */
@Timeout(240)
abstract class DeleteLogCases {
    private static final CdcConfig READING = CdcConfig.builder().deleteLog(true).build();

    private final List<String> tables = new ArrayList<>();

    abstract TestDatabase database();

    @AfterEach
    void drop() {
        tables.forEach(table -> database().execute("DROP TABLE " + table));
        database().execute("DROP TABLE IF EXISTS pythia_cdc_deletes");
    }

    private String newTable() {
        String table = database().newTable();
        tables.add(table);
        return table;
    }

    private CdcWorker.Builder worker(StateStore store, CdcConfig config, String table) {
        return CdcWorker.builder()
                .dbUrl(database().url())
                .tables(table)
                .pollInterval(Duration.ofMillis(30))
                .stateStore(store)
                .config(config);
    }

    @Test
    void deleteLog_tellsOfDeletes() {
        String table = newTable();
        CdcWorker.Builder builder = worker(StateStore.memory(), READING, table);
        database().insert(table, 1, "it's \"one\" \\ é");
        database().insert(table, 2, "two");
        try (CdcWorker worker = builder.build()) {
            worker.installDeleteLog();
            worker.installDeleteLog(); // a second time changes nothing
            assertThat(worker.deleteLogTables()).singleElement().asString().endsWith(table);
            Events events = Events.of(worker);
            events.await(2);
            database().execute("DELETE FROM " + table + " WHERE id = 1");
            ChangeEvent gone = events.last(3);
            assertThat(gone.operation()).isEqualTo(Operation.DELETE);
            assertThat(gone.table()).isEqualTo(table);
            assertThat(gone.key().values()).containsExactly(1L);
            assertThat(gone.after()).isNull();
            assertThat(java.util.Objects.requireNonNull(gone.before()))
                    .containsEntry("name", database().text("SELECT 'it''s \"one\" " + backslash() + " é'"));
            assertThat(events.subscriber().messages().get(2).key()).endsWith(table + ":1");
        }
        String other = newTable();
        try (CdcWorker worker = builder.build();
                CdcWorker another = worker(StateStore.memory(), READING, other).build()) {
            another.installDeleteLog();
            worker.removeDeleteLog();
            worker.removeDeleteLog(); // a second time changes nothing
            assertThat(worker.deleteLogTables()).singleElement().asString().endsWith(other);
            assertThat(database().number("SELECT count(*) FROM pythia_cdc_deletes"))
                    .isOne(); // it is the other's still
            another.removeDeleteLog();
            assertThatThrownBy(() -> database().text("SELECT * FROM pythia_cdc_deletes"))
                    .hasMessageContaining("pythia_cdc_deletes");
        }
    }

    private String backslash() {
        return database().dialect() == Dialect.MYSQL ? "\\\\" : "\\";
    }

    /** Those of other tests on the same server hold back what is passed over. */
    private void awaitOlderTransactions() {
        if (database().dialect() == Dialect.POSTGRESQL) {
            String later = "SELECT count(*) FROM pythia_cdc_deletes"
                    + " WHERE xmin::text::bigint >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> database().number(later) == 0);
        }
    }

    /** Else the last that a consumer hears of a row that is there again would be its delete. */
    @ParameterizedTest
    @EnumSource(FirstRun.class)
    void whatIsInTheLog_whenItIsSwitchedOn_isPassedOver(FirstRun firstRun) {
        String table = newTable();
        StateStore store = StateStore.memory();
        CdcConfig without = CdcConfig.builder().firstRun(firstRun).build();
        try (CdcWorker worker = worker(store, without, table).build()) {
            worker.installDeleteLog();
            Events events = Events.of(worker);
            database().insert(table, 1, "one");
            database().insert(table, 2, "two");
            events.await(2);
            database().execute("DELETE FROM " + table + " WHERE id = 1");
            database().insert(table, 1, "one again");
            assertThat(events.last(3).key().values()).containsExactly(1L);
        }
        CdcConfig with = without.toBuilder().deleteLog(true).build();
        try (CdcWorker worker = worker(store, with, table).build()) {
            Events events = Events.of(worker);
            database().execute("DELETE FROM " + table + " WHERE id = 2");
            assertThat(events.last(1).key().values()).containsExactly(2L);
            assertThat(events.last(1).operation()).isEqualTo(Operation.DELETE);
        }
    }

    @Test
    void whatIsInTheLog_atTheFirstRun_isPassedOver() {
        String table = newTable();
        try (CdcWorker worker = worker(StateStore.memory(), READING, table).build()) {
            worker.installDeleteLog();
            database().insert(table, 1, "one");
            database().execute("DELETE FROM " + table + " WHERE id = 1");
            database().insert(table, 1, "one again");
            database().insert(table, 2, "two");
            awaitOlderTransactions();
            Events events = Events.of(worker);
            events.await(2);
            database().execute("DELETE FROM " + table + " WHERE id = 2");
            assertThat(events.last(3).operation()).isEqualTo(Operation.DELETE);
            assertThat(events.last(3).key().values()).containsExactly(2L);
        }
    }

    @Test
    void rowThatIsDeletedAndInsertedAgain_betweenTwoPolls_isThereInTheEnd() {
        String table = newTable();
        StateStore store = StateStore.memory();
        database().insert(table, 1, "one");
        try (CdcWorker worker = worker(store, READING, table).build()) {
            worker.installDeleteLog();
            Events.of(worker).await(1);
        }
        database().execute("DELETE FROM " + table + " WHERE id = 1");
        database().insert(table, 1, "one again");
        try (CdcWorker worker = worker(store, READING, table).build()) {
            List<ChangeEvent> events = Events.of(worker).await(2);
            assertThat(events.get(0).operation()).isEqualTo(Operation.DELETE);
            assertThat(events.get(1).after()).isNotNull();
        }
    }
}
