package io.pythia.cdc;

import io.pythia.ConfigException;
import io.pythia.MessageBroker;
import io.pythia.MessageProducer;
import io.pythia.spi.BrokerProvider;
import io.pythia.spi.BrokerUri;
import io.pythia.spi.Capabilities;
import io.pythia.spi.Capabilities.Ordering;
import io.pythia.spi.Settings;
import io.pythia.spi.SettingsReader;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes {@code cdc} known: {@code cdc:postgresql://user:password@localhost/db?tables=users,orders}. */
public final class CdcBrokerProvider implements BrokerProvider {
    static final Capabilities CAPABILITIES = Capabilities.builder()
            .consumerOnly()
            .ordering(Ordering.SOURCE)
            .groups()
            .replay()
            .persistent()
            .keys()
            .build();

    /** For {@link java.util.ServiceLoader}. */
    public CdcBrokerProvider() {}

    @Override
    public String name() {
        return "cdc";
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    /**
     * What stands behind {@code cdc:} is the database's URL. Of {@code postgresql://...?tables=...} the query is ours; a JDBC URL keeps its
     * own, and ours stand behind a {@code #}.
     */
    @Override
    public Map<String, String> fromUri(BrokerUri uri) {
        if (!uri.hosts().isEmpty() || uri.path().size() != 1) {
            throw new ConfigException(
                    "cdc", "the address is cdc:postgresql://user:password@host/db?tables=users,orders");
        }
        Map<String, String> settings = new LinkedHashMap<>();
        String url = uri.pathText();
        int question = url.startsWith("jdbc:") ? -1 : url.indexOf('?');
        if (question >= 0) {
            // Taken apart by the same rules as every URL.
            settings.putAll(BrokerUri.parse("cdc:x" + url.substring(question)).settings());
        }
        settings.put("db-url", question < 0 ? url : url.substring(0, question));
        return settings;
    }

    @Override
    public MessageProducer producer(Settings settings) {
        throw new UnsupportedOperationException(
                "cdc has no producer: it only reads changes; write to the database itself");
    }

    @Override
    public MessageBroker consumer(Settings settings) {
        SettingsReader read = settings.reader();
        String url = read.requiredText("db-url");
        ownCredentials(read, url);
        read.alternatives(List.of("state-folder"), List.of("state-table"));
        CdcWorker.Builder builder = CdcWorker.builder().options(read).config(read.bind(CdcConfig.class));
        read.set("db-url", url.isEmpty() ? null : url, builder::dbUrl);
        List<?> tables = read.read("tables", List.class, List.of());
        if (tables == null || tables.isEmpty()) {
            read.problem("tables", "is missing");
        } else {
            read.set("tables", tables.stream().map(String::valueOf).toList(), builder::tables);
        }
        read.set("poll-interval", read.read("poll-interval", Duration.class, null), builder::pollInterval);
        return read.finish(builder::build);
    }

    /** A user in the URL goes before one that comes from a source behind it, and so does a password. */
    private static void ownCredentials(SettingsReader read, String text) {
        try {
            DatabaseUrl url = DatabaseUrl.parse(text);
            if (url.user() != null) {
                read.goesBefore("db-url", "user");
            }
            if (url.password() != null) {
                read.goesBefore("db-url", "password");
            }
        } catch (IllegalArgumentException e) {
            // The builder says it again, to be reported with the rest.
        }
    }
}
