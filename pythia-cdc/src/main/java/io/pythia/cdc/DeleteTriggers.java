package io.pythia.cdc;

import io.pythia.internal.Hashes;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;

/** The triggers that write deleted rows to the {@link DeleteLog}: how they are made, found and dropped. */
final class DeleteTriggers {
    private static final String TRIGGER = "pythia_cdc_delete";

    private DeleteTriggers() {}

    /**
     * Returns the statements that make the log, and a trigger for each table; repeating them changes nothing.
     *
     * @throws UnsupportedOperationException if the database has no triggers in SQL
     */
    static List<String> install(Dialect dialect, List<TableSchema> tables) {
        List<String> statements = new ArrayList<>();
        switch (dialect) {
            case POSTGRESQL -> postgres(dialect, tables, statements);
            case MYSQL, SQLITE -> perTable(dialect, tables, statements);
            case H2 -> throw noTriggers();
        }
        return statements;
    }

    private static UnsupportedOperationException noTriggers() {
        return new UnsupportedOperationException(
                "cdc: triggers of H2 are Java classes; use a column for deletes (deleted-column) there");
    }

    /** Returns the statements that drop the triggers of some tables; the log stays. */
    static List<String> remove(Dialect dialect, List<TableSchema> tables) {
        List<String> statements = new ArrayList<>();
        for (TableSchema table : tables) {
            switch (dialect) {
                case POSTGRESQL -> {
                    String on = " ON " + dialect.quoteTable(table);
                    statements.add("DROP TRIGGER IF EXISTS " + TRIGGER + on);
                    statements.add("DROP TRIGGER IF EXISTS " + TRIGGER + "_all" + on);
                }
                case MYSQL, SQLITE -> statements.add("DROP TRIGGER IF EXISTS " + trigger(dialect, table));
                case H2 -> throw noTriggers();
            }
        }
        return statements;
    }

    /** Returns the statements that drop the log, with what is in it, when no trigger is left. */
    static List<String> removeLog(Dialect dialect) {
        String table = "DROP TABLE IF EXISTS " + DeleteLog.TABLE;
        return dialect == Dialect.POSTGRESQL
                ? List.of("DROP FUNCTION IF EXISTS " + TRIGGER + "()", table)
                : List.of(table);
    }

    /** Returns the tables that have a trigger of ours, sorted. */
    static List<String> installed(Connection connection, Dialect dialect) throws SQLException {
        String query = switch (dialect) {
            case POSTGRESQL ->
                "SELECT n.nspname || '.' || c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                        + " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE t.tgname = '" + TRIGGER
                        + "' AND t.tgfoid = to_regproc('" + TRIGGER + "') ORDER BY 1";
            case MYSQL ->
                "SELECT CONCAT(event_object_schema, '.', event_object_table) FROM information_schema.triggers"
                        + " WHERE trigger_schema = DATABASE() AND LEFT(trigger_name, " + (TRIGGER.length() + 1)
                        + ") = '" + TRIGGER + "_' ORDER BY 1";
            case SQLITE ->
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, "
                        + (TRIGGER.length() + 1) + ") = '" + TRIGGER + "_' ORDER BY 1";
            case H2 -> throw noTriggers();
        };
        List<String> tables = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                tables.add(rows.getString(1));
            }
        }
        return tables;
    }

    /** A trigger's name is unique in its database, and has no more characters than a table's. */
    private static String trigger(Dialect dialect, TableSchema table) {
        String name = TRIGGER + "_" + table.name();
        return dialect.quote(name.length() <= 64 ? name : TRIGGER + "_" + Hashes.of(name));
    }

    private static void postgres(Dialect dialect, List<TableSchema> tables, List<String> statements) {
        statements.add("CREATE TABLE IF NOT EXISTS " + DeleteLog.TABLE
                + " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                + " table_schema text NOT NULL, table_name text NOT NULL, row_data text,"
                + " deleted_at timestamptz NOT NULL DEFAULT clock_timestamp())");
        statements.add(
                "CREATE INDEX IF NOT EXISTS " + DeleteLog.TABLE + "_place ON " + DeleteLog.TABLE + " (deleted_at, id)");
        statements.add(postgresFunction());
        for (TableSchema table : tables) {
            statements.add(postgresTrigger(dialect, table, TRIGGER, "AFTER DELETE", "ROW"));
            statements.add(postgresTrigger(dialect, table, TRIGGER + "_all", "AFTER TRUNCATE", "STATEMENT"));
        }
    }

    /** Only the owner of the table may drop a trigger, so that one that is there stays: its function is the one that was just replaced. */
    private static String postgresTrigger(
            Dialect dialect, TableSchema table, String name, String event, String forEach) {
        String quoted = dialect.quoteTable(table);
        String block = "BEGIN IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = " + literal(dialect, quoted)
                + "::regclass AND tgname = '" + name + "' AND tgfoid = '" + TRIGGER + "()'::regprocedure)"
                + " THEN CREATE TRIGGER " + name + " " + event + " ON " + quoted + " FOR EACH " + forEach
                + " EXECUTE FUNCTION " + TRIGGER + "(); END IF; END";
        return "DO " + literal(dialect, block);
    }

    /**
     * The function has the rights of who makes it: whoever may delete from a table needs none on the log, and no search path leads to another.
     * A log of somebody else's is refused, since triggers of its owner's would run with those rights, too.
     */
    private static String postgresFunction() {
        String function = "CREATE OR REPLACE FUNCTION %1$I." + TRIGGER + "() RETURNS trigger LANGUAGE plpgsql"
                + " SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN"
                + " IF TG_OP = 'TRUNCATE' THEN INSERT INTO %1$I." + DeleteLog.TABLE
                + " (table_schema, table_name) VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME);"
                + " ELSE INSERT INTO %1$I." + DeleteLog.TABLE + " (table_schema, table_name, row_data)"
                + " VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, to_json(OLD)::text); END IF; RETURN NULL; END $$;"
                + " REVOKE ALL ON FUNCTION %1$I." + TRIGGER + "() FROM PUBLIC";
        return "DO $do$ BEGIN EXECUTE format($ddl$" + function + "$ddl$, current_schema());"
                + " IF (SELECT proowner FROM pg_proc WHERE proname = '" + TRIGGER
                + "' AND pronamespace = to_regnamespace(quote_ident(current_schema())))"
                + " <> (SELECT relowner FROM pg_class WHERE relname = '" + DeleteLog.TABLE
                + "' AND relnamespace = to_regnamespace(quote_ident(current_schema())))"
                + " THEN RAISE 'the owner of " + DeleteLog.TABLE + " is not that of the function " + TRIGGER
                + "' USING ERRCODE = '42501'; END IF; END $do$";
    }

    private static void perTable(Dialect dialect, List<TableSchema> tables, List<String> statements) {
        boolean sqlite = dialect == Dialect.SQLITE;
        statements.add(
                "CREATE TABLE IF NOT EXISTS " + DeleteLog.TABLE
                        + (sqlite
                                ? " (id INTEGER PRIMARY KEY AUTOINCREMENT, table_schema TEXT NOT NULL, table_name TEXT NOT NULL,"
                                        + " row_data TEXT, deleted_at TIMESTAMP NOT NULL DEFAULT (" + dialect.now()
                                        + "))"
                                : " (id BIGINT AUTO_INCREMENT PRIMARY KEY, table_schema VARCHAR(64) NOT NULL,"
                                        + " table_name VARCHAR(64) NOT NULL, row_data LONGTEXT,"
                                        + " deleted_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), KEY place (deleted_at, id))"));
        for (TableSchema table : tables) {
            String trigger = trigger(dialect, table);
            String insert = "INSERT INTO " + DeleteLog.TABLE + " (table_schema, table_name, row_data) VALUES ("
                    + literal(dialect, table.schema()) + ", " + literal(dialect, table.name()) + ", "
                    + image(dialect, table) + ")";
            statements.add("DROP TRIGGER IF EXISTS " + trigger);
            statements.add("CREATE TRIGGER " + trigger + " AFTER DELETE ON " + dialect.quoteTable(table)
                    + " FOR EACH ROW " + (sqlite ? "BEGIN " + insert + "; END" : insert));
        }
    }

    private static String image(Dialect dialect, TableSchema table) {
        StringJoiner json = new StringJoiner(", ", dialect == Dialect.SQLITE ? "json_object(" : "JSON_OBJECT(", ")");
        for (Column column : table.columns()) {
            String old = "OLD." + dialect.quote(column.name());
            boolean bytes = column.kind() == Column.Kind.BYTES;
            String value = !bytes
                    ? old
                    : dialect == Dialect.SQLITE ? "'\\x' || hex(" + old + ")" : "CONCAT('\\\\x', HEX(" + old + "))";
            json.add(literal(dialect, column.name()) + ", " + value);
        }
        return json.toString();
    }

    private static String literal(Dialect dialect, String text) {
        String quoted = text.replace("'", "''");
        return "'" + (dialect == Dialect.MYSQL ? quoted.replace("\\", "\\\\") : quoted) + "'";
    }
}
