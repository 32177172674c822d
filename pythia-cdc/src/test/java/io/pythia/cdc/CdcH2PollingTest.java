package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.StateStore;
import org.junit.jupiter.api.Test;

class CdcH2PollingTest extends PollingCases {
    private final TestDatabase database = TestDatabase.h2();

    @Override
    TestDatabase database() {
        return database;
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
