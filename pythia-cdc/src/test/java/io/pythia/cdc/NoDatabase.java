package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Settings for tests of what needs no database. */
final class NoDatabase {
    private NoDatabase() {}

    static CdcSettings settings() {
        return settings("postgresql://localhost/test");
    }

    static CdcSettings settings(String url) {
        return new CdcSettings(
                "cdc:test",
                DatabaseUrl.parse(url),
                null,
                List.of(),
                Duration.ofSeconds(1),
                CdcConfig.defaults(),
                StateStore.memory(),
                Map.of(),
                Duration.ofSeconds(1),
                100,
                BrokerListener.NONE);
    }
}
