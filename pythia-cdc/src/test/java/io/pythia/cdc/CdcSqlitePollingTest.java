package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.StateStore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CdcSqlitePollingTest extends PollingCases {
    @TempDir
    private static Path folder;

    private TestDatabase database;

    @BeforeAll
    void create() {
        database = TestDatabase.sqlite(folder);
    }

    @Override
    TestDatabase database() {
        return database;
    }

    /** Texts are compared as texts, so that the bound must look like them, and not be later than one of its second. */
    @ParameterizedTest
    @CsvSource({
        "2026-01-02T03:04:05Z, 2026-01-02T03:03:05",
        "2026-01-02T03:04:05.678Z, 2026-01-02T03:03:05",
        "2026-01-02 03:04:05, 2026-01-02 03:03:05",
        "2026-01-02 03:04:05.678, 2026-01-02 03:03:05",
        "2026-01-02T03:04:05-05:00, 2026-01-02T03:03:05",
        "2026-01-02T03:04:05+05:30, 2026-01-02T03:03:05",
        "2026-01-02,",
        "version 7,"
    })
    void timesAsTexts_haveALowerBound(String newest, String bound) throws SQLException {
        String table = database.newTable();
        try (Connection connection = database.open();
                Database none = new Database(NoDatabase.settings("sqlite:unused"))) {
            PolledTable polled = PolledTable.find(connection, none, CdcConfig.defaults(), table);
            assertThat(polled.before(newest, Duration.ofMinutes(1))).isEqualTo(bound);
        }
    }

    /** As the driver writes them by default: milliseconds since 1970. Then those of the overlap are remembered, not the whole table. */
    @ParameterizedTest
    @CsvSource({"1767322800000, 1000", "1767322800, 1", "1767322800.5, 1"})
    void timesAsNumbers_haveAnOverlap(String first, int second) {
        int count = 20_001;
        String table = TestDatabase.newName("t");
        String row = " SELECT i, " + first + " + i * " + second;
        database.execute(
                "CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, updated_at TIMESTAMP)",
                "CREATE INDEX i_" + table + " ON " + table + " (updated_at, id)",
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count + ") INSERT INTO "
                        + table + row + " FROM n");
        StateStore store = StateStore.memory();
        try (CdcWorker worker =
                worker(store, CdcConfig.defaults(), table).batchSize(1_000).build()) {
            assertThat(Events.of(worker).await(count).get(0).commitTime())
                    .isBetween("2026-01-02T03:00:01Z", "2026-01-02T03:00:01.500Z");
        }
        database.execute("INSERT INTO " + table + row + " FROM (SELECT 20002 AS i)");
        try (CdcWorker worker = worker(store, CdcConfig.defaults(), table).build()) {
            assertThat(Events.of(worker).last(1).key()).isEqualTo(Map.of("id", 20_002L));
        }
    }

    @Test
    void timesInUtcWithAZ_arriveOnce_whetherLateOrNot() {
        String table = TestDatabase.newName("t");
        database.execute(
                "CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, updated_at TEXT NOT NULL)",
                "INSERT INTO " + table + " VALUES (1, '2026-01-02T03:04:05Z')");
        try (CdcWorker worker =
                worker(StateStore.memory(), CdcConfig.defaults(), table).build()) {
            Events events = Events.of(worker);
            assertThat(events.last(1).commitTime()).isEqualTo("2026-01-02T03:04:05Z");
            database.execute("INSERT INTO " + table + " VALUES (2, '2026-01-02T03:03:05.500Z')");
            assertThat(events.last(2).key()).isEqualTo(Map.of("id", 2L));
            database.execute("INSERT INTO " + table + " VALUES (3, '2026-01-02T03:03:04Z')"); // older than the overlap
            database.execute("INSERT INTO " + table + " VALUES (4, '2026-01-02T03:04:06Z')");
            assertThat(events.last(3).key()).isEqualTo(Map.of("id", 4L));
        }
    }
}
