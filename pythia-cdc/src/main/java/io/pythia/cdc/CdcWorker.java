package io.pythia.cdc;

import io.pythia.StateStore;
import io.pythia.spi.AbstractMessageBroker;
import io.pythia.spi.ReceiveDriver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Delivers the changes of database tables as messages: by polling on PostgreSQL, MariaDB, MySQL, SQLite and H2, or by the log of PostgreSQL.
 * Its place is stored when the messages before it are acknowledged, so that none is skipped.
 *
 * <pre>{@code
 * CdcWorker worker = CdcWorker.builder()
 *         .dbUrl("postgresql://app:secret@localhost/shop")
 *         .tables("orders", "customers")
 *         .pollInterval(Duration.ofSeconds(5))
 *         .config(CdcConfig.builder().mode(CdcMode.POLLING).build()).build();
 * }</pre>
 */
public final class CdcWorker extends AbstractMessageBroker<ChangeRecord> {
    private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(5);

    private final CdcSettings settings;
    private final String application = "pythia-cdc " + UUID.randomUUID();

    private CdcWorker(Builder builder, CdcSettings settings) {
        super(settings.name(), CdcBrokerProvider.CAPABILITIES, builder);
        this.settings = settings.withListener(listener());
    }

    /** Returns a builder. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    protected ReceiveDriver<ChangeRecord> newDriver() {
        return settings.config().mode() == CdcMode.LOG
                ? new LogReceiver(settings, application)
                : new PollReceiver(settings);
    }

    /**
     * Makes the table and the triggers by which polling sees deletes; see {@link CdcConfig#deleteLog}. Needs the right to make both, and
     * on PostgreSQL should be done by a role that has no other: the triggers run with its rights. Does it at once, and blocks. Repeating it
     * changes nothing.
     *
     * @throws io.pythia.BrokerException if the database refuses
     * @throws UnsupportedOperationException on H2
     */
    public void installDeleteLog() {
        List<String> statements = deleteLogStatements();
        administer(database -> database.write("installing the log of deletes", connection -> {
            Database.executeAll(connection, statements);
            return true;
        }));
    }

    /**
     * Returns the statements of {@link #installDeleteLog}, for whoever may run them. Looks the tables up in the database, and blocks.
     *
     * @throws io.pythia.BrokerException if there are no such tables
     * @throws UnsupportedOperationException on H2
     */
    public List<String> deleteLogStatements() {
        return administer(database -> DeleteTriggers.install(database.dialect(), lookUp(database)));
    }

    /**
     * Returns the tables of the database whose deletes are logged, those of this worker or not, sorted. Blocks.
     *
     * @throws io.pythia.BrokerException if the database refuses
     * @throws UnsupportedOperationException on H2
     */
    public List<String> deleteLogTables() {
        return administer(database -> database.read(
                "looking for triggers", connection -> DeleteTriggers.installed(connection, database.dialect())));
    }

    /**
     * Drops the triggers of this worker's tables and, if no other table has one, the log with what is in it. On PostgreSQL only the owner
     * of the tables and of the log may. Blocks. Repeating it changes nothing.
     *
     * @throws io.pythia.BrokerException if the database refuses
     * @throws UnsupportedOperationException on H2
     */
    public void removeDeleteLog() {
        administer(database -> {
            List<TableSchema> tables = lookUp(database);
            return database.write("removing the log of deletes", connection -> {
                Database.executeAll(connection, DeleteTriggers.remove(database.dialect(), tables));
                if (DeleteTriggers.installed(connection, database.dialect()).isEmpty()) {
                    Database.executeAll(connection, DeleteTriggers.removeLog(database.dialect()));
                }
                return true;
            });
        });
    }

    private List<TableSchema> lookUp(Database database) {
        return database.read("looking the tables up", connection -> {
            List<TableSchema> tables = new ArrayList<>();
            for (String name : settings.tables()) {
                tables.add(Tables.find(connection, database.dialect(), name));
            }
            return tables;
        });
    }

    /** Does something with connections of its own. */
    private <T> T administer(Function<Database, T> work) {
        try (Database database = new Database(settings)) {
            database.open();
            return work.apply(database);
        }
    }

    /**
     * Drops the replication slot, if there is one: PostgreSQL keeps its log for a slot for as long as that exists. Blocks. The publication
     * and the stored place stay.
     *
     * @throws io.pythia.BrokerException if it is in use, or the database refuses
     */
    public void dropSlot() {
        administer(database -> database.write(
                "dropping the slot",
                connection -> ReplicationSlot.drop(connection, settings.config().slot())));
    }

    /** Builds workers; the defaults are in the methods' descriptions. Not thread-safe. */
    public static final class Builder extends AbstractMessageBroker.Builder<Builder> {
        private @Nullable String dbUrl;
        private List<String> tables = List.of();
        private Duration pollInterval = DEFAULT_INTERVAL;
        private CdcConfig config = CdcConfig.defaults();
        private @Nullable DataSource dataSource;
        private @Nullable StateStore store;

        private Builder() {}

        @Override
        protected Builder self() {
            return this;
        }

        /** Sets the database: {@code postgresql://user:password@host/db}, or a JDBC URL. Required. */
        public Builder dbUrl(String url) {
            this.dbUrl = Objects.requireNonNull(url, "url");
            return this;
        }

        /** Sets the tables, each with its schema and a dot before it or not. Required. */
        public Builder tables(String... tables) {
            return tables(List.of(tables));
        }

        /** Sets the tables, each with its schema and a dot before it or not. Required. */
        public Builder tables(List<String> tables) {
            for (String table : tables) {
                if (table.isBlank() || table.length() > 255 || table.chars().anyMatch(Character::isISOControl)) {
                    throw new IllegalArgumentException("tables must be names of up to 255 characters, none of control");
                }
            }
            this.tables = List.copyOf(new LinkedHashSet<>(tables));
            return this;
        }

        /** Sets how long to wait between two polls, more than zero; the log does not wait. Default: 5 s. */
        public Builder pollInterval(Duration interval) {
            if (interval.isNegative() || interval.isZero()) {
                throw new IllegalArgumentException("pollInterval must be more than zero, but is " + interval);
            }
            this.pollInterval = interval;
            return this;
        }

        /** Sets the rest. Default: {@link CdcConfig#defaults()}. */
        public Builder config(CdcConfig config) {
            this.config = Objects.requireNonNull(config, "config");
            return this;
        }

        /**
         * Sets where connections come from in place of a pool of our own; it stays the caller's to close. The URL still says what kind of
         * database it is, and where the log is read. While a connection is with us it has the timeouts of the configuration; it is given back
         * with the session's settings that it came with. How long to wait for the network is for the source to say. Default: a pool.
         */
        public Builder dataSource(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
            return this;
        }

        /** Sets where the place is kept. Default: as the configuration says, in a table of the database. */
        public Builder stateStore(StateStore store) {
            this.store = Objects.requireNonNull(store, "store");
            return this;
        }

        /**
         * Returns a worker, not connected.
         *
         * @throws IllegalArgumentException if something is missing, contradicts something else, or is not allowed
         */
        public CdcWorker build() {
            if (dbUrl == null) {
                throw new IllegalArgumentException("dbUrl must be set");
            }
            if (tables.isEmpty()) {
                throw new IllegalArgumentException("tables must name one at least");
            }
            DatabaseUrl url = DatabaseUrl.parse(dbUrl);
            if (config.mode() == CdcMode.LOG && url.dialect() != Dialect.POSTGRESQL) {
                throw new IllegalArgumentException("mode must be polling: only PostgreSQL's log can be read");
            }
            StateStore chosen =
                    store != null || config.stateFolder() == null ? store : StateStore.file(config.stateFolder());
            return new CdcWorker(
                    this,
                    new CdcSettings(
                            "cdc:" + url.shown(),
                            url,
                            dataSource,
                            tables,
                            pollInterval,
                            config,
                            chosen,
                            DriverProperties.of(url, config),
                            options().connectTimeout(),
                            options().batchSize(),
                            io.pythia.BrokerListener.NONE));
        }
    }
}
