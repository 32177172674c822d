package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerException;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PollRoundTest {
    private final TestDatabase database = TestDatabase.h2();

    @Test
    void tableWhoseColumnsAreOthers_rightAfterItWasLookedUp_isTold() throws InterruptedException {
        String table = database.newTable();
        database.insert(table, 1, "one");
        CdcSettings settings = NoDatabase.settings(database.url(), null, CdcConfig.defaults(), Map.of(), table);
        try (Database own = new Database(settings);
                PollRound round = new PollRound(settings, own)) {
            own.open();
            round.lookUpTables();
            round.begin(new PollState(), new Progress<>(new PollState()));
            round.enterTables(true);
            for (int column = 0; column < 2; column++) {
                database.execute("ALTER TABLE " + table + " ADD COLUMN a" + column + " INT");
                if (column == 0) {
                    assertThat(round.next()).isEmpty();
                }
            }
            assertThatThrownBy(round::next)
                    .isInstanceOfSatisfying(
                            BrokerException.class,
                            error -> assertThat(error.isRetryable()).isTrue())
                    .hasMessageContaining("PUBLIC." + table.toUpperCase(Locale.ROOT))
                    .hasMessageContaining("once more");
        }
    }

    @Test
    void firstReadOfManyRows_remembersThoseOfTheOverlap() throws InterruptedException {
        int count = 30_000;
        String table = database.newTable();
        database.execute("INSERT INTO " + table + " SELECT x, 'n', t, t FROM (SELECT x, DATEADD(SECOND, x,"
                + " TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00') t FROM SYSTEM_RANGE(1, " + count + "))");
        database.execute("CREATE INDEX i_" + table + " ON " + table + " (updated_at, id)");
        CdcSettings settings = NoDatabase.settings(database.url(), null, CdcConfig.defaults(), Map.of(), table);
        Progress<PollState> progress = new Progress<>(new PollState());
        try (Database own = new Database(settings);
                PollRound round = new PollRound(settings, own)) {
            own.open();
            round.lookUpTables();
            round.begin(new PollState(), progress);
            round.enterTables(true);
            int read = 0;
            int most = 0;
            do {
                for (var each : round.next()) {
                    progress.acknowledge((Progress.Step<?>) each.receipt().place);
                    read++;
                }
                most = Math.max(most, round.recent().size());
            } while (!round.isOver());
            assertThat(read).isEqualTo(count);
            assertThat(most).isLessThan(count / 2);
            assertThat(round.recent().acknowledged()).hasSizeBetween(60, 62);
        }
    }
}
