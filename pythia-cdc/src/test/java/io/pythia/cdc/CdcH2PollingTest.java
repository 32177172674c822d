package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import io.pythia.Message;
import io.pythia.StateStore;
import io.pythia.testkit.TestSubscriber;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CdcH2PollingTest extends PollingCases {
    private final TestDatabase database = TestDatabase.h2();

    @Override
    TestDatabase database() {
        return database;
    }

    /** A minute is remembered; they are acknowledged ten minutes later by the times in the table. */
    @Test
    void rowsThatAreAcknowledgedLate_areNotRememberedForEver() throws IOException {
        String table = database.newTable();
        String insert = "INSERT INTO " + table + " (id, updated_at) VALUES (%d, TIMESTAMP '2026-01-02 03:%02d:04')";
        for (int id = 1; id <= 3; id++) {
            database.execute(String.format(Locale.ROOT, insert, id, 0));
        }
        StateStore store = StateStore.memory();
        try (CdcWorker worker = worker(store, config(), table).build()) {
            TestSubscriber.get(worker.connect());
            TestSubscriber subscriber = TestSubscriber.requesting(10);
            worker.consume().subscribe(subscriber);
            subscriber.await(3);
            database.execute(String.format(Locale.ROOT, insert, 4, 10));
            List<Message> messages = subscriber.await(4);
            long before = polls(worker);
            Awaitility.await()
                    .atMost(TestSubscriber.LIMIT_SECONDS, TimeUnit.SECONDS)
                    .until(() -> polls(worker) > before + 1);
            messages.forEach(message -> TestSubscriber.get(message.ack()));
        }
        String key = "polling:" + database.url().replaceAll("jdbc:h2:|;.*", "") + "#default";
        assertThat(ChangeJson.MAPPER.readTree(String.valueOf(store.load(key))).path("recent"))
                .hasSize(1);
    }

    /** Of the rows of a day only those behind the last key would be found, and nobody would hear of the others. */
    @ParameterizedTest
    @ValueSource(strings = {"DATE", "TIME"})
    void columnOfHalfATime_isRefused(String type) {
        String table = TestDatabase.newName("t");
        database.execute("CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, updated_at " + type + ")");
        refused(worker(StateStore.memory(), config(), table), BrokerException.class, "is a " + type);
    }

    @Test
    void deleteLog_isRefused_sinceThereAreNoTriggersInSql() {
        try (CdcWorker worker =
                worker(StateStore.memory(), config(), database.newTable()).build()) {
            assertThatThrownBy(worker::installDeleteLog)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("deleted-column");
        }
    }
}
