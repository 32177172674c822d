package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.spi.Received;
import io.pythia.testkit.FakeAck;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class PollReceiverTest {
    private final TestDatabase database = TestDatabase.h2();

    @Test
    void messageThatIsNeverSettled_stopsTheReading() throws InterruptedException {
        int count = 250_000;
        String table = database.newTable();
        database.execute("INSERT INTO " + table + " (id, updated_at) SELECT x, DATEADD(SECOND, x,"
                + " TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00') FROM SYSTEM_RANGE(1, " + count + ")");
        database.execute("CREATE INDEX i_" + table + " ON " + table + " (updated_at, id)");
        try (PollReceiver receiver = new PollReceiver(settings(table, 10_000))) {
            receiver.open();
            ChangeRecord first =
                    receiver.receive(1, Duration.ofSeconds(60)).get(0).receipt();
            int read = 1 + acknowledgeAll(receiver);
            assertThat(read).isBetween(90_000, 120_000);
            receiver.settle(List.of(new FakeAck<>(first)));
            while (read < count) {
                read += acknowledgeAll(receiver);
            }
        }
    }

    private CdcSettings settings(String table, int rowsAtOnce) {
        CdcSettings small = NoDatabase.settings(database.url(), null, CdcConfig.defaults(), Map.of(), table);
        return new CdcSettings(
                small.name(),
                small.url(),
                null,
                small.tables(),
                small.pollInterval(),
                small.config(),
                small.store(),
                small.driverProperties(),
                small.connectTimeout(),
                rowsAtOnce,
                small.listener());
    }

    /** Until none comes for a second. */
    private static int acknowledgeAll(PollReceiver receiver) throws InterruptedException {
        int read = 0;
        for (List<Received<ChangeRecord>> some = receiver.receive(1_000, Duration.ofSeconds(1));
                !some.isEmpty();
                some = receiver.receive(1_000, Duration.ofSeconds(1))) {
            receiver.settle(
                    some.stream().map(each -> new FakeAck<>(each.receipt())).toList());
            read += some.size();
        }
        return read;
    }
}
