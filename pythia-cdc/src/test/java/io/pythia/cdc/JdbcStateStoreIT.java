package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pythia.StateStore;
import io.pythia.testkit.server.TestServers;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The core's store in a table, on each kind of database: the core's own tests have none. */
@Timeout(240)
class JdbcStateStoreIT {
    private final String table = TestDatabase.newName("place");

    @TempDir
    private Path folder;

    private TestDatabase database(Dialect dialect) {
        TestDatabase database = switch (dialect) {
            case POSTGRESQL -> TestDatabase.postgres(TestServers.postgres());
            case MYSQL -> TestDatabase.mariaDb(TestServers.mariaDb());
            case SQLITE -> TestDatabase.sqlite(folder);
            case H2 -> TestDatabase.h2();
        };
        database.execute(
                dialect == Dialect.MYSQL
                        ? "CREATE TABLE " + table + " (id varchar(500) COLLATE utf8mb4_bin PRIMARY KEY,"
                                + " state longtext NOT NULL) CHARACTER SET utf8mb4"
                        : "CREATE TABLE " + table + " (id varchar(500) PRIMARY KEY, state text NOT NULL)");
        return database;
    }

    private static HikariDataSource pool(TestDatabase database, boolean autoCommit) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(database.jdbc());
        config.setAutoCommit(autoCommit);
        config.setMaximumPoolSize(1);
        return new HikariDataSource(config);
    }

    @ParameterizedTest
    @CsvSource({
        "POSTGRESQL,true",
        "POSTGRESQL,false",
        "MYSQL,true",
        "MYSQL,false",
        "SQLITE,true",
        "SQLITE,false",
        "H2,true",
        "H2,false"
    })
    void state_isThereForWhoeverComesNext(Dialect dialect, boolean autoCommit) throws IOException {
        TestDatabase database = database(dialect);
        List<String> keys = List.of("a", "A", "a/b", "ü", "'; --", "x".repeat(5_000), "x".repeat(4_999) + "y");
        try (HikariDataSource source = pool(database, autoCommit)) {
            StateStore store = StateStore.jdbc(source, table);
            for (String key : keys) {
                assertThat(store.load(key)).isNull();
                store.save(key, "old");
                store.save(key, "old");
                store.save(key, key + " ü");
            }
        }
        String large = "{\"ids\":\"" + "ü".repeat(300_000) + "\"}";
        try (HikariDataSource source = pool(database, autoCommit)) {
            StateStore store = StateStore.jdbc(source, table);
            for (String key : keys) {
                assertThat(store.load(key)).isEqualTo(key + " ü");
            }
            store.save("a", large);
            assertThat(StateStore.jdbc(source, table).load("a")).isEqualTo(large);
        }
        assertThat(database.number("SELECT count(*) FROM " + table)).isEqualTo(keys.size());
    }

    /** Of a pool with one connection: what was left open would be in the way. */
    @ParameterizedTest
    @EnumSource(Dialect.class)
    void failure_leavesNothingBehind(Dialect dialect) throws Exception {
        TestDatabase database = database(dialect);
        try (HikariDataSource source = pool(database, false)) {
            assertThatThrownBy(() -> StateStore.jdbc(source, table + "_not").load("a"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(table + "_not");
            assertThatThrownBy(() -> StateStore.jdbc(source, table + "_not").save("a", "secret"))
                    .isInstanceOf(IOException.class)
                    .hasMessageNotContaining("secret");
            StateStore.jdbc(source, table).save("a", "1");
            try (Connection connection = source.getConnection()) {
                assertThat(connection.getAutoCommit()).isFalse();
            }
        }
        assertThat(database.text("SELECT state FROM " + table)).isEqualTo("1");
    }

    @Test
    void schema_mayStandBeforeTheTable_andNothingElse() throws IOException {
        TestDatabase database = database(Dialect.POSTGRESQL);
        try (HikariDataSource source = pool(database, true)) {
            StateStore.jdbc(source, "public." + table).save("a", "1");
            assertThat(StateStore.jdbc(source, table).load("a")).isEqualTo("1");
            for (String name : List.of("", "a b", "a;", "a.b.c", "\"a\"", "1a", ".a")) {
                assertThatThrownBy(() -> StateStore.jdbc(source, name)).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    /** In place of the connector's own table, the place of a consumer. */
    @Test
    void consumer_goesOnBehindIt() {
        TestDatabase database = database(Dialect.H2);
        String rows = database.newTable();
        database.insert(rows, 1, "one");
        try (HikariDataSource source = pool(database, true)) {
            StateStore store = StateStore.jdbc(source, table);
            for (long id = 1; id <= 3; id++) {
                try (CdcWorker worker = CdcWorker.builder()
                        .dbUrl(database.url())
                        .tables(rows)
                        .stateStore(store)
                        .build()) {
                    assertThat(Events.of(worker).last(1).key()).isEqualTo(Map.of("ID", id));
                }
                database.insert(rows, id + 1, "next");
            }
        }
    }
}
