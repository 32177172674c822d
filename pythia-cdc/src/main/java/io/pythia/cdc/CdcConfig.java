package io.pythia.cdc;

import io.pythia.FirstRun;
import io.pythia.Secret;
import io.pythia.TlsConfig;
import io.pythia.spi.NativeProperties;
import io.pythia.spi.Setting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a database, how to find its changes, and where the place is kept. Immutable. {@link #toString} has no password.
 *
 * @param mode how changes are found
 * @param user the user, null for that of the URL
 * @param password the password, null for that of the URL
 * @param tls certificates, null for no TLS beyond what {@code properties} say; the host name is verified
 * @param properties the driver's own properties; only those of an allow-list are taken
 * @param updatedColumn polling: the column that says when a row was changed, or a number that grows with each change
 * @param createdColumn polling: the column that says when a row was made; where a table has none, inserts can't be told from updates
 * @param deletedColumn polling: a column that is not null, and not false or 0, in a row that counts as deleted; null for none
 * @param deleteLog polling: whether deletes are read from the table that the triggers of {@code CdcWorker.installDeleteLog} fill
 * @param overlap polling: how far behind the newest row changes that are committed late are still looked for; zero for not at all,
 *     null for 1 h on PostgreSQL (where it only makes the search shorter) and 1 min elsewhere
 * @param firstRun what is delivered when no place is stored, and of a table that is added later: all rows first, or only what is changed from
 *     now on
 * @param slot log: the replication slot
 * @param publication log: the publication
 * @param createSlot log: whether slot and publication are made if they are missing
 * @param onSlotLoss log: what happens when the slot is gone, has lost its log, or is ahead of the place: the consumer stops, or all rows are
 *     read anew, also if the first run is to read none
 * @param statusInterval log: how often the server is told the place; it keeps its log from there on
 * @param stateTable the table that keeps the place, made if it is missing; not used with a folder or a store of the builder's
 * @param stateFolder a folder that keeps the place in a file, in place of the table; null for the table
 * @param stateKey under what key the place is kept; two consumers of one database need two
 * @param idColumn outbox: the column of the message's id; null for table and position
 * @param keyColumn outbox: the column of the message's key; null for table and primary key
 * @param bodyColumn outbox: the column of the message's body; null for the whole change as JSON
 * @param statementTimeout how long a statement may take
 * @param lockTimeout how long a statement may wait for a lock
 * @param maxConnections how many connections the pool may have, at least 2; the replication stream is not counted; on SQLite one reads and one stores the place
 */
public record CdcConfig(
        @Setting("How changes are found: polling or log") CdcMode mode,

        @Setting(value = "The user; default: that of the URL", nativeName = "user") @Nullable
        String user,

        @Setting(value = "The password; default: that of the URL", nativeName = "password") @Nullable
        Secret password,

        @Setting(value = "Certificates; turns TLS on, with the host name verified", nativeName = "sslmode=verify-full")
        @Nullable
        TlsConfig tls,

        @Setting("The driver's own properties, of those that are allowed")
        Map<String, String> properties,

        @Setting("Polling: the column that says when a row was changed, or a number that grows with each change")
        String updatedColumn,

        @Setting(
                "Polling: the column that says when a row was made; where a table has none, inserts can't be told from updates")
        String createdColumn,

        @Setting("Polling: a column that is not null, and not false or 0, in a row that counts as deleted") @Nullable
        String deletedColumn,

        @Setting("Polling: whether deletes are read from the table that the triggers of `installDeleteLog` fill")
        boolean deleteLog,

        @Setting(
                "Polling: how far behind the newest row changes that are committed late are still looked for; default: 1 h on PostgreSQL, else 1 min")
        @Nullable
        Duration overlap,

        @Setting(
                "What is delivered when no place is stored, and of a table that is added: all rows first, or only new changes")
        FirstRun firstRun,

        @Setting(value = "Log: the replication slot", nativeName = "slot_name")
        String slot,

        @Setting(value = "Log: the publication", nativeName = "publication_names")
        String publication,

        @Setting("Log: whether slot and publication are made if they are missing")
        boolean createSlot,

        @Setting(
                "Log: what happens when the slot is gone, has lost its log, or is ahead of the place: stop, or snapshot (all rows are read anew)")
        SlotLoss onSlotLoss,

        @Setting("Log: how often the server is told the place; it keeps its log from there on")
        Duration statusInterval,

        @Setting("The table that keeps the place, made if it is missing")
        String stateTable,

        @Setting("A folder that keeps the place in a file, in place of the table") @Nullable
        Path stateFolder,

        @Setting("Under what key the place is kept; two consumers of one database need two")
        String stateKey,

        @Setting("Outbox: the column of the message's id") @Nullable
        String idColumn,

        @Setting("Outbox: the column of the message's key") @Nullable
        String keyColumn,

        @Setting("Outbox: the column of the message's body") @Nullable
        String bodyColumn,

        @Setting(value = "How long a statement may take", nativeName = "statement_timeout")
        Duration statementTimeout,

        @Setting(value = "How long a statement may wait for a lock", nativeName = "lock_timeout")
        Duration lockTimeout,

        @Setting("How many connections the pool may have, the replication stream not counted")
        int maxConnections) {

    private static final Pattern SLOT = Pattern.compile("[a-z0-9_]{1,63}");
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

    /** Checks each value. */
    public CdcConfig {
        Objects.requireNonNull(mode, "mode");
        Objects.requireNonNull(firstRun, "firstRun");
        Objects.requireNonNull(onSlotLoss, "onSlotLoss");
        properties = NativeProperties.copyOf(properties);
        column("updatedColumn", updatedColumn);
        column("createdColumn", createdColumn);
        column("deletedColumn", deletedColumn);
        column("idColumn", idColumn);
        column("keyColumn", keyColumn);
        column("bodyColumn", bodyColumn);
        require(overlap == null || !overlap.isNegative(), "overlap", "must not be negative, but is " + overlap);
        require(SLOT.matcher(slot).matches(), "slot", "must have 1 to 63 of a-z, 0-9 and _");
        require(
                NAME.matcher(publication).matches(),
                "publication",
                "must be a plain name of up to 63 letters, digits and _");
        require(
                NAME.matcher(stateTable).matches(),
                "stateTable",
                "must be a plain name of up to 63 letters, digits and _");
        require(!stateKey.isBlank() && stateKey.length() <= 200, "stateKey", "must have 1 to 200 characters");
        positive("statusInterval", statusInterval);
        positive("statementTimeout", statementTimeout);
        positive("lockTimeout", lockTimeout);
        require(maxConnections >= 2, "maxConnections", "must be at least 2, but is " + maxConnections);
    }

    private static void column(String setting, @Nullable String name) {
        require(
                name == null || (!name.isBlank() && name.length() <= 128 && name.indexOf('\0') < 0),
                setting,
                "must be the name of a column");
    }

    private static void positive(String name, Duration value) {
        require(!value.isNegative() && !value.isZero(), name, "must be more than zero, but is " + value);
    }

    private static void require(boolean ok, String setting, String problem) {
        if (!ok) {
            throw new IllegalArgumentException(setting + " " + problem);
        }
    }

    /** Returns the defaults, which stand here and nowhere else. */
    public static CdcConfig defaults() {
        return new CdcConfig(
                CdcMode.POLLING,
                null,
                null,
                null,
                Map.of(),
                "updated_at",
                "created_at",
                null,
                false,
                null,
                FirstRun.ALL,
                "pythia",
                "pythia",
                true,
                SlotLoss.STOP,
                Duration.ofSeconds(5),
                "pythia_cdc_state",
                null,
                "default",
                null,
                null,
                null,
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                3);
    }

    /** Returns a builder that begins with the defaults. */
    public static Builder builder() {
        return defaults().toBuilder();
    }

    /** Returns a builder that begins with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Builds configurations. Not thread-safe. */
    public static final class Builder {
        private CdcMode mode;
        private @Nullable String user;
        private @Nullable Secret password;
        private @Nullable TlsConfig tls;
        private Map<String, String> properties;
        private String updatedColumn;
        private String createdColumn;
        private @Nullable String deletedColumn;
        private boolean deleteLog;
        private @Nullable Duration overlap;
        private FirstRun firstRun;
        private String slot;
        private String publication;
        private boolean createSlot;
        private SlotLoss onSlotLoss;
        private Duration statusInterval;
        private String stateTable;
        private @Nullable Path stateFolder;
        private String stateKey;
        private @Nullable String idColumn;
        private @Nullable String keyColumn;
        private @Nullable String bodyColumn;
        private Duration statementTimeout;
        private Duration lockTimeout;
        private int maxConnections;

        private Builder(CdcConfig from) {
            mode = from.mode;
            user = from.user;
            password = from.password;
            tls = from.tls;
            properties = from.properties;
            updatedColumn = from.updatedColumn;
            createdColumn = from.createdColumn;
            deletedColumn = from.deletedColumn;
            deleteLog = from.deleteLog;
            overlap = from.overlap;
            firstRun = from.firstRun;
            slot = from.slot;
            publication = from.publication;
            createSlot = from.createSlot;
            onSlotLoss = from.onSlotLoss;
            statusInterval = from.statusInterval;
            stateTable = from.stateTable;
            stateFolder = from.stateFolder;
            stateKey = from.stateKey;
            idColumn = from.idColumn;
            keyColumn = from.keyColumn;
            bodyColumn = from.bodyColumn;
            statementTimeout = from.statementTimeout;
            lockTimeout = from.lockTimeout;
            maxConnections = from.maxConnections;
        }

        /** Sets how changes are found. */
        public Builder mode(CdcMode value) {
            mode = value;
            return this;
        }

        /** Sets the user, null for that of the URL. */
        public Builder user(String value) {
            user = value;
            return this;
        }

        /** Sets the password, null for that of the URL. */
        public Builder password(Secret value) {
            password = value;
            return this;
        }

        /** Sets certificates, null for no TLS beyond what {@code properties} say. */
        public Builder tls(TlsConfig value) {
            tls = value;
            return this;
        }

        /** Sets the driver's own properties. */
        public Builder properties(Map<String, String> value) {
            properties = value;
            return this;
        }

        /** Sets for polling, the column that says when a row was changed, or a number that grows with each change. */
        public Builder updatedColumn(String value) {
            updatedColumn = value;
            return this;
        }

        /** Sets for polling, the column that says when a row was made. */
        public Builder createdColumn(String value) {
            createdColumn = value;
            return this;
        }

        /** Sets for polling, a column that is not null, and not false or 0, in a row that counts as deleted. */
        public Builder deletedColumn(String value) {
            deletedColumn = value;
            return this;
        }

        /**
         * Sets for polling, whether deletes are read from the table that the triggers of {@code CdcWorker.installDeleteLog} fill; what is in it
         * when it is read for the first time is passed over. Default: false.
         */
        public Builder deleteLog(boolean value) {
            deleteLog = value;
            return this;
        }

        /** Sets for polling, how far behind the newest row changes that are committed late are still looked for. */
        public Builder overlap(Duration value) {
            overlap = value;
            return this;
        }

        /** Sets what is delivered when no place is stored, and of a table that is added: all rows first, or only what is changed from now on. */
        public Builder firstRun(FirstRun value) {
            firstRun = value;
            return this;
        }

        /** Sets for the log, the replication slot. */
        public Builder slot(String value) {
            slot = value;
            return this;
        }

        /** Sets for the log, the publication. */
        public Builder publication(String value) {
            publication = value;
            return this;
        }

        /** Sets for the log, whether slot and publication are made if they are missing. */
        public Builder createSlot(boolean value) {
            createSlot = value;
            return this;
        }

        /**
         * Sets for the log, what happens when the slot is gone, has lost its log ({@code max_slot_wal_keep_size}), or is ahead of the stored
         * place. With {@link SlotLoss#SNAPSHOT} the listener is told of the gap ({@code dataLoss}), the slot is dropped and made anew (one
         * that an administrator has made is used as it is, if {@code createSlot} is false), and all rows are read from the snapshot that
         * belongs to it, also if the first run is to read none. Not seen are deletes of between, and states that were passed over. A slot
         * that somebody else reads from is left alone, and sought again. Default: {@link SlotLoss#STOP}.
         */
        public Builder onSlotLoss(SlotLoss value) {
            onSlotLoss = value;
            return this;
        }

        /** Sets for the log, how often the server is told the place. */
        public Builder statusInterval(Duration value) {
            statusInterval = value;
            return this;
        }

        /** Sets the table that keeps the place, made if it is missing. */
        public Builder stateTable(String value) {
            stateTable = value;
            return this;
        }

        /** Sets a folder that keeps the place in a file, in place of the table. */
        public Builder stateFolder(Path value) {
            stateFolder = value;
            return this;
        }

        /** Sets under what key the place is kept. */
        public Builder stateKey(String value) {
            stateKey = value;
            return this;
        }

        /** Sets for an outbox, the column of the message's id. */
        public Builder idColumn(String value) {
            idColumn = value;
            return this;
        }

        /** Sets for an outbox, the column of the message's key. */
        public Builder keyColumn(String value) {
            keyColumn = value;
            return this;
        }

        /** Sets for an outbox, the column of the message's body. */
        public Builder bodyColumn(String value) {
            bodyColumn = value;
            return this;
        }

        /** Sets how long a statement may take. */
        public Builder statementTimeout(Duration value) {
            statementTimeout = value;
            return this;
        }

        /** Sets how long a statement may wait for a lock. */
        public Builder lockTimeout(Duration value) {
            lockTimeout = value;
            return this;
        }

        /** Sets how many connections the pool may have, at least 2. */
        public Builder maxConnections(int value) {
            maxConnections = value;
            return this;
        }

        /**
         * Returns the configuration.
         *
         * @throws IllegalArgumentException if a value can't be used; names it
         */
        public CdcConfig build() {
            return new CdcConfig(
                    mode,
                    user,
                    password,
                    tls,
                    properties,
                    updatedColumn,
                    createdColumn,
                    deletedColumn,
                    deleteLog,
                    overlap,
                    firstRun,
                    slot,
                    publication,
                    createSlot,
                    onSlotLoss,
                    statusInterval,
                    stateTable,
                    stateFolder,
                    stateKey,
                    idColumn,
                    keyColumn,
                    bodyColumn,
                    statementTimeout,
                    lockTimeout,
                    maxConnections);
        }
    }
}
