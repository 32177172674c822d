package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.StateStore;
import io.pythia.testkit.server.TestServers;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CdcMariaDbPollingIT extends PollingCases {
    private final TestDatabase database = TestDatabase.mariaDb(TestServers.mariaDb());

    @Override
    TestDatabase database() {
        return database;
    }

    /** {@code SELECT *} leaves them out, also those that are needed. */
    @Test
    void invisibleColumns_areRead() {
        String table = TestDatabase.newName("t");
        database.execute(
                "CREATE TABLE " + table + " (hidden INT INVISIBLE DEFAULT 1, updated_at DATETIME(6) INVISIBLE NOT NULL"
                        + " DEFAULT UTC_TIMESTAMP(6), id INT PRIMARY KEY, name VARCHAR(20))",
                "INSERT INTO " + table + " (id, name) VALUES (7, 'one')");
        try (CdcWorker worker = worker(StateStore.memory(), config(), table).build()) {
            Events events = Events.of(worker);
            ChangeEvent first = events.last(1);
            assertThat(first.key()).isEqualTo(Map.of("id", 7L));
            assertThat(Events.after(first)).containsEntry("hidden", 1L).containsEntry("name", "one");
            database.execute(
                    "ALTER TABLE " + table + " ADD COLUMN extra VARCHAR(20)",
                    "INSERT INTO " + table + " (id, name, extra) VALUES (8, 'two', 'more')");
            assertThat(value(events.ofRow(8L), "extra")).isEqualTo("more");
        }
    }
}
