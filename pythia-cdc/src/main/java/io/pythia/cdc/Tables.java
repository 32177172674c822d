package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.DestinationNotFoundException;
import io.pythia.cdc.Column.Kind;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Looks tables up in the database's own catalogue. What an application called a table only selects one of those that exist. */
final class Tables {
    private static final String POSTGRES_COLUMNS =
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
                    + " t.typname, coalesce(array_position(i.indkey::int2[], a.attnum) + 1, 0)"
                    + " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
                    + " JOIN pg_type t ON t.oid = a.atttypid"
                    + " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
                    + " WHERE c.relkind IN ('r', 'p') AND n.nspname = ? AND lower(c.relname) = lower(?)"
                    + " ORDER BY c.relname, a.attnum";

    private Tables() {}

    /**
     * Returns a table as the database describes it.
     *
     * @param wanted its name, with its schema and a dot before it or not
     * @throws DestinationNotFoundException if there is none
     */
    static TableSchema find(Connection connection, Dialect dialect, String wanted) throws SQLException {
        String home = home(connection, dialect);
        TableSchema found = find(connection, dialect, home, wanted);
        int dot = wanted.indexOf('.');
        if (found == null && dot > 0) {
            found = find(connection, dialect, wanted.substring(0, dot), wanted.substring(dot + 1));
        }
        if (found == null) {
            throw new DestinationNotFoundException(
                    "there is no table " + shown(wanted) + ", or the user may not see it");
        }
        return found;
    }

    private static String shown(String name) {
        return name.replaceAll("\\p{Cntrl}", " ");
    }

    private static String home(Connection connection, Dialect dialect) throws SQLException {
        String home = switch (dialect) {
            case MYSQL -> connection.getCatalog();
            case SQLITE -> "";
            case POSTGRESQL, H2 -> connection.getSchema();
        };
        return home == null ? "" : home;
    }

    private static @Nullable TableSchema find(Connection connection, Dialect dialect, String schema, String name)
            throws SQLException {
        List<TableSchema> candidates = dialect == Dialect.POSTGRESQL
                ? postgres(connection, schema, name)
                : generic(connection, dialect, schema, name);
        for (TableSchema candidate : candidates) {
            if (candidate.name().equals(name)) {
                return candidate;
            }
        }
        if (candidates.size() > 1) {
            throw new BrokerException("several tables are called " + shown(name) + " but for upper and lower case");
        }
        return candidates.isEmpty() ? null : candidates.get(0);
    }

    private static List<TableSchema> postgres(Connection connection, String schema, String name) throws SQLException {
        Map<String, List<Column>> columns = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(POSTGRES_COLUMNS)) {
            statement.setString(1, schema);
            statement.setString(2, name);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    columns.computeIfAbsent(rows.getString(2), key -> new ArrayList<>())
                            .add(new Column(
                                    rows.getString(3),
                                    rows.getString(4),
                                    PostgresTypes.kind(rows.getString(5)),
                                    rows.getInt(6)));
                }
            }
        }
        return columns.entrySet().stream()
                .map(each -> new TableSchema(schema, each.getKey(), each.getValue()))
                .toList();
    }

    private static List<TableSchema> generic(Connection connection, Dialect dialect, String schema, String name)
            throws SQLException {
        DatabaseMetaData meta = connection.getMetaData();
        String catalog = dialect == Dialect.MYSQL ? schema : null;
        String pattern = dialect == Dialect.H2 ? escaped(meta, schema) : null;
        List<TableSchema> found = new ArrayList<>();
        try (ResultSet tables = meta.getTables(catalog, pattern, "%", new String[] {"TABLE", "BASE TABLE"})) {
            while (tables.next()) {
                String each = tables.getString("TABLE_NAME");
                if (each.equalsIgnoreCase(name)) {
                    found.add(new TableSchema(schema, each, columns(meta, dialect, schema, each)));
                }
            }
        }
        return found;
    }

    private static List<Column> columns(DatabaseMetaData meta, Dialect dialect, String schema, String table)
            throws SQLException {
        String catalog = dialect == Dialect.MYSQL ? schema : null;
        String ofSchema = dialect == Dialect.H2 ? schema : null;
        Map<String, Integer> keyParts = new HashMap<>();
        try (ResultSet keys = meta.getPrimaryKeys(catalog, ofSchema, table)) {
            while (keys.next()) {
                keyParts.put(keys.getString("COLUMN_NAME"), (int) keys.getShort("KEY_SEQ"));
            }
        }
        List<Column> columns = new ArrayList<>();
        String schemaPattern = ofSchema == null ? null : escaped(meta, ofSchema);
        try (ResultSet rows = meta.getColumns(catalog, schemaPattern, escaped(meta, table), "%")) {
            while (rows.next()) {
                String name = rows.getString("COLUMN_NAME");
                String type = rows.getString("TYPE_NAME");
                Kind kind = dialect.kind(rows.getInt("DATA_TYPE"), type.toUpperCase(Locale.ROOT));
                columns.add(new Column(name, type, kind, keyParts.getOrDefault(name, 0)));
            }
        }
        return columns;
    }

    /** In a name that is searched for, _ and % stand for others. */
    private static String escaped(DatabaseMetaData meta, String name) throws SQLException {
        String escape = meta.getSearchStringEscape();
        return name.replace(escape, escape + escape).replace("_", escape + "_").replace("%", escape + "%");
    }
}
