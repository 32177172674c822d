package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.cdc.ChangeEvent.Operation;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * A table that triggers write deleted rows to, so that polling sees deletes. It and the triggers are made by an explicit command only, and
 * what is in it is the application's to clear.
 */
final class DeleteLog {
    static final String TABLE = "pythia_cdc_deletes";
    static final String TIME = "deleted_at";
    private static final String TRIGGER = "pythia_cdc_delete";

    private final List<PolledTable> tables;

    private DeleteLog(List<PolledTable> tables) {
        this.tables = List.copyOf(tables);
    }

    /** Returns the log as one more table to poll. */
    static PolledTable polled(Connection connection, Database database, CdcConfig config, List<PolledTable> tables)
            throws SQLException {
        try {
            TableSchema schema = Tables.find(connection, database.dialect(), TABLE);
            return PolledTable.of(new DeleteLog(tables), schema, database, config);
        } catch (DestinationNotFoundException e) {
            throw new DestinationNotFoundException(
                    "there is no table " + TABLE + ": the command install-delete-log makes it and the triggers", e);
        }
    }

    /** Returns the table that a row of the log is of, null if nobody asks for it. */
    @Nullable
    PolledTable tableOf(TableSchema log, @Nullable Object[] row) {
        String schema = String.valueOf(value(log, row, "table_schema"));
        String name = String.valueOf(value(log, row, "table_name"));
        for (PolledTable table : tables) {
            if (table.schema.name().equals(name) && table.schema.schema().equals(schema)) {
                return table;
            }
        }
        return null;
    }

    private static @Nullable Object value(TableSchema log, @Nullable Object[] row, String column) {
        return row[log.columns().indexOf(Objects.requireNonNull(log.column(column)))];
    }

    /** Returns the delete that a row of the log tells of; without a row it is a truncate. */
    ChangeEvent event(TableSchema log, @Nullable Object[] row, String position, Instant polledAt) {
        PolledTable table = Objects.requireNonNull(tableOf(log, row));
        Column time = Objects.requireNonNull(log.column(TIME));
        Instant at = Values.instant(time.kind(), value(log, row, TIME));
        Object image = value(log, row, "row_data");
        Map<String, @Nullable Object> before = image == null ? null : before(table.schema, image.toString());
        Map<String, @Nullable Object> key = new LinkedHashMap<>();
        if (before != null) {
            table.schema.key().forEach(column -> key.put(column.name(), before.get(column.name())));
        }
        return new ChangeEvent(
                table.schema.schema(),
                table.schema.name(),
                before == null ? Operation.TRUNCATE : Operation.DELETE,
                key,
                before,
                null,
                List.of(),
                Map.of(),
                at == null ? polledAt : at,
                position,
                null);
    }

    private static Map<String, @Nullable Object> before(TableSchema schema, String json) {
        try {
            Map<String, @Nullable Object> before = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> each :
                    ChangeJson.MAPPER.readTree(json).properties()) {
                Column column = schema.column(each.getKey());
                JsonNode node = each.getValue();
                Object raw = node.isNull() ? null : node.isContainerNode() ? node.toString() : node.asText();
                before.put(each.getKey(), column == null ? raw : Values.convert(column.kind(), raw));
            }
            return before;
        } catch (JsonProcessingException e) {
            throw new BrokerException("a row of " + TABLE + " has no JSON in row_data");
        }
    }

    /**
     * Returns the statements that make the log, and a trigger for each table; repeating them changes nothing.
     *
     * @throws UnsupportedOperationException if the database has no triggers in SQL
     */
    static List<String> statements(Dialect dialect, List<TableSchema> tables) {
        List<String> statements = new ArrayList<>();
        switch (dialect) {
            case POSTGRESQL -> postgres(dialect, tables, statements);
            case MYSQL, SQLITE -> perTable(dialect, tables, statements);
            case H2 ->
                throw new UnsupportedOperationException(
                        "cdc: triggers of H2 are Java classes; use a column for deletes (deleted-column) there");
        }
        return statements;
    }

    private static void postgres(Dialect dialect, List<TableSchema> tables, List<String> statements) {
        statements.add("CREATE TABLE IF NOT EXISTS " + TABLE + " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                + " table_schema text NOT NULL, table_name text NOT NULL, row_data text,"
                + " deleted_at timestamptz NOT NULL DEFAULT clock_timestamp())");
        statements.add("CREATE INDEX IF NOT EXISTS " + TABLE + "_place ON " + TABLE + " (deleted_at, id)");
        statements.add("CREATE OR REPLACE FUNCTION " + TRIGGER + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                + " IF TG_OP = 'TRUNCATE' THEN"
                + " INSERT INTO " + TABLE + " (table_schema, table_name) VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME);"
                + " ELSE INSERT INTO " + TABLE + " (table_schema, table_name, row_data)"
                + " VALUES (TG_TABLE_SCHEMA, TG_TABLE_NAME, to_json(OLD)::text); END IF; RETURN NULL; END $$");
        for (TableSchema table : tables) {
            String on = " ON " + dialect.quoteTable(table);
            statements.add("DROP TRIGGER IF EXISTS " + TRIGGER + on);
            statements.add("CREATE TRIGGER " + TRIGGER + " AFTER DELETE" + on + " FOR EACH ROW EXECUTE FUNCTION "
                    + TRIGGER + "()");
            statements.add("DROP TRIGGER IF EXISTS " + TRIGGER + "_all" + on);
            statements.add("CREATE TRIGGER " + TRIGGER + "_all AFTER TRUNCATE" + on
                    + " FOR EACH STATEMENT EXECUTE FUNCTION " + TRIGGER + "()");
        }
    }

    private static void perTable(Dialect dialect, List<TableSchema> tables, List<String> statements) {
        boolean sqlite = dialect == Dialect.SQLITE;
        statements.add(
                "CREATE TABLE IF NOT EXISTS " + TABLE
                        + (sqlite
                                ? " (id INTEGER PRIMARY KEY AUTOINCREMENT, table_schema TEXT NOT NULL, table_name TEXT NOT NULL,"
                                        + " row_data TEXT, deleted_at TIMESTAMP NOT NULL DEFAULT (" + dialect.now()
                                        + "))"
                                : " (id BIGINT AUTO_INCREMENT PRIMARY KEY, table_schema VARCHAR(64) NOT NULL,"
                                        + " table_name VARCHAR(64) NOT NULL, row_data LONGTEXT,"
                                        + " deleted_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), KEY place (deleted_at, id))"));
        for (TableSchema table : tables) {
            String name = TRIGGER + "_" + table.name();
            String trigger =
                    dialect.quote(name.length() <= 64 ? name : TRIGGER + "_" + io.pythia.internal.Hashes.of(name));
            String insert = "INSERT INTO " + TABLE + " (table_schema, table_name, row_data) VALUES ("
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
