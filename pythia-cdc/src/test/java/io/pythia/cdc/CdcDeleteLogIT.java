package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.BrokerAuthenticationException;
import io.pythia.BrokerException;
import io.pythia.StateStore;
import io.pythia.cdc.ChangeEvent.Operation;
import io.pythia.testkit.server.TestServers;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On PostgreSQL also: whose rights the triggers have, and what rights it takes to make them. */
class CdcDeleteLogIT extends DeleteLogCases {
    private final TestDatabase server = TestDatabase.postgres(TestServers.postgres());
    private final String role = TestDatabase.newName("r");
    private TestDatabase database;
    private String table;

    @BeforeEach
    void create() {
        database = server.newDatabase();
        table = database.newTable();
        database.insert(table, 1, "one");
        database.execute(
                "CREATE ROLE " + role + " LOGIN PASSWORD 'x'",
                "CREATE SCHEMA AUTHORIZATION " + role,
                "GRANT SELECT, DELETE, TRUNCATE ON " + table + " TO " + role);
    }

    @Override
    TestDatabase database() {
        return database;
    }

    @Override
    @AfterEach
    void drop() {
        server.execute(
                "DROP DATABASE " + database.text("SELECT current_database()") + " WITH (FORCE)", "DROP ROLE " + role);
    }

    private CdcWorker worker() {
        return worker(database.url());
    }

    private CdcWorker worker(String url) {
        return CdcWorker.builder()
                .dbUrl(url)
                .tables(table)
                .pollInterval(Duration.ofMillis(30))
                .stateStore(StateStore.memory())
                .config(CdcConfig.builder().deleteLog(true).build())
                .build();
    }

    @Test
    void roleThatMayOnlyDelete_withAnotherSearchPath_isToldOf() throws SQLException {
        try (CdcWorker worker = worker()) {
            worker.installDeleteLog();
            Events events = Events.of(worker);
            events.await(1);
            // Its own schema comes first in its search path, and has a table of that name.
            database.execute("CREATE TABLE " + role + ".pythia_cdc_deletes (LIKE pythia_cdc_deletes INCLUDING ALL)");
            database.execute("GRANT ALL ON " + role + ".pythia_cdc_deletes TO " + role);
            try (Connection connection = DriverManager.getConnection(
                            database.jdbc().replaceAll("[?].*", "?sslmode=disable"), role, "x");
                    Statement statement = connection.createStatement()) {
                statement.execute("DELETE FROM public." + table);
                ChangeEvent delete = events.last(2);
                assertThat(delete.operation()).isEqualTo(Operation.DELETE);
                assertThat(delete.key()).isEqualTo(Map.of("id", 1L));
                statement.execute("TRUNCATE public." + table);
                assertThat(events.last(3).operation()).isEqualTo(Operation.TRUNCATE);
                assertThatThrownBy(() -> statement.execute("DELETE FROM public.pythia_cdc_deletes"))
                        .hasMessageContaining("permission denied");
            }
        }
        assertThat(database.text("SELECT has_function_privilege('" + role + "', 'pythia_cdc_delete()', 'EXECUTE')"))
                .isEqualTo("f");
    }

    /** Its triggers would run with the rights of who installs the log. */
    @Test
    void tableOfTheLogThatIsAnothers_isRefused() {
        database.execute(
                "CREATE TABLE pythia_cdc_deletes (id bigint PRIMARY KEY, table_schema text, table_name text,"
                        + " row_data text, deleted_at timestamptz)",
                "ALTER TABLE pythia_cdc_deletes OWNER TO " + role);
        try (CdcWorker worker = worker()) {
            assertThatThrownBy(worker::installDeleteLog)
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("owner");
        }
    }

    /** An upgrade installs it again. */
    @Test
    void roleThatMayMakeTriggers_installsItTwice() {
        database.execute("GRANT CREATE ON SCHEMA public TO " + role, "GRANT TRIGGER ON " + table + " TO " + role);
        database.execute("ALTER ROLE " + role + " SET search_path = public");
        try (CdcWorker worker = worker(database.url().replace("postgres:postgres@", role + ":x@"))) {
            worker.installDeleteLog();
            worker.installDeleteLog();
            assertThat(worker.deleteLogTables()).containsExactly("public." + table);
            database.execute("DELETE FROM " + table);
            assertThat(database.number("SELECT count(*) FROM pythia_cdc_deletes"))
                    .isOne();
            assertThatThrownBy(worker::removeDeleteLog).isInstanceOf(BrokerAuthenticationException.class);
            database.execute("SET ROLE " + role, "DROP FUNCTION pythia_cdc_delete() CASCADE"); // as the page says
            assertThat(worker.deleteLogTables()).isEmpty();
        }
    }

    /** Names are no more than names, wherever they stand in the statements. */
    @Test
    void tableWithAnOddName_isInstalledTwice() {
        String odd = "it's $do$ \"odd\" \\";
        String quoted = Dialect.POSTGRESQL.quote(odd);
        database.execute(
                "CREATE TABLE " + quoted + " (id bigint PRIMARY KEY)", "INSERT INTO " + quoted + " VALUES (1)");
        try (CdcWorker worker =
                CdcWorker.builder().dbUrl(database.url()).tables(odd).build()) {
            worker.installDeleteLog();
            worker.installDeleteLog();
            database.execute("DELETE FROM " + quoted);
            assertThat(database.text("SELECT table_name FROM pythia_cdc_deletes"))
                    .isEqualTo(odd);
            worker.removeDeleteLog();
            assertThat(worker.deleteLogTables()).isEmpty();
        }
    }
}
