package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.StateStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Settings for tests of what needs no database. */
final class NoDatabase {
    private NoDatabase() {}

    static CdcSettings settings() {
        return settings("postgresql://localhost/test");
    }

    static CdcSettings settings(String url) {
        return settings(url, null, CdcConfig.defaults(), Map.of());
    }

    static CdcSettings settings(
            String url,
            @Nullable DataSource source,
            CdcConfig config,
            Map<String, String> driverProperties,
            String... tables) {
        return new CdcSettings(
                "cdc:test",
                DatabaseUrl.parse(url),
                source,
                List.of(tables),
                Duration.ofSeconds(1),
                config,
                StateStore.memory(),
                driverProperties,
                Duration.ofSeconds(1),
                100,
                BrokerListener.NONE);
    }
}
