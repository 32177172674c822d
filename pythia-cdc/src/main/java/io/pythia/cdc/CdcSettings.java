package io.pythia.cdc;

import io.pythia.BrokerListener;
import io.pythia.Secret;
import io.pythia.StateStore;
import io.pythia.spi.NativeProperties;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * What the receivers need to know.
 *
 * @param name the consumer's name, for texts and threads
 * @param url where the database is
 * @param dataSource the application's own connections, null for a pool of ours
 * @param tables the tables, as the application named them
 * @param pollInterval how long to wait between two polls
 * @param config the rest
 * @param store where the place is kept, null for a table of the database
 * @param driverProperties what the driver is told
 * @param connectTimeout how long it may take to connect
 * @param maxBuffered how many changes may wait to be taken, at most
 * @param listener who hears of gaps
 */
record CdcSettings(
        String name,
        DatabaseUrl url,
        @Nullable DataSource dataSource,
        List<String> tables,
        Duration pollInterval,
        CdcConfig config,
        @Nullable StateStore store,
        Map<String, String> driverProperties,
        Duration connectTimeout,
        int maxBuffered,
        BrokerListener listener) {

    CdcSettings {
        driverProperties = NativeProperties.copyOf(driverProperties);
    }

    @Nullable
    String user() {
        return config.user() != null ? config.user() : url.user();
    }

    @Nullable
    Secret password() {
        return config.password() != null ? config.password() : url.password();
    }

    CdcSettings withListener(BrokerListener other) {
        return new CdcSettings(
                name,
                url,
                dataSource,
                tables,
                pollInterval,
                config,
                store,
                driverProperties,
                connectTimeout,
                maxBuffered,
                other);
    }

    /** Under what key the place is kept: one database may serve several consumers, and one folder several databases. */
    String stateKey() {
        return config.mode().name().toLowerCase(java.util.Locale.ROOT) + ":" + url.shown() + "#" + config.stateKey();
    }
}
