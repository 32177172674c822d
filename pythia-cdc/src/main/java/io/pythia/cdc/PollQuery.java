package io.pythia.cdc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Reads a table page by page in the order of its cursor: the column of changes and the primary key. Names are those that the catalogue
 * has, quoted; values are bound.
 */
final class PollQuery {
    /** A transaction's number has 32 bits in a row. Rows of the ones before {@code ?} but not before another. */
    private static final String IN_WINDOW = "((t.xmin::text::bigint - ?) & 4294967295) < ?";

    private static final long XID_MASK = 0xffff_ffffL;
    private static final long HALF_OF_ALL = 1L << 31;
    private static final long FIRST_NORMAL_XID = 3;

    /**
     * A page that is wanted.
     *
     * @param fromXid only rows of transactions from this one on; 0 for all, and then also those behind {@code toXid}: nearly all are wanted,
     *     and a condition that can't be estimated would keep the server from its index. PostgreSQL only
     * @param toXid only rows of transactions before this one; 0 for all. PostgreSQL only
     * @param notBefore only rows whose cursor column is not less; null for all
     * @param after only rows behind this cursor; null for all
     * @param limit at most so many
     */
    record Page(
            long fromXid,
            long toXid,
            @Nullable Object notBefore,
            @Nullable List<Object> after,
            int limit) {}

    private final Database database;
    private final TableSchema table;
    private final List<Column> cursor;
    private final int[] places;
    private final String select;
    private final String order;

    /**
     * Creates one.
     *
     * @param cursor the columns by which is read, in their order; together unique
     */
    PollQuery(Database database, TableSchema table, List<Column> cursor) {
        this(database, table, cursor, table.columns());
    }

    /**
     * Creates one.
     *
     * @param cursor the columns by which is read, in their order; together unique
     * @param visible the first columns of the table: those that {@code SELECT *} has, as {@link #visible} returns them
     */
    PollQuery(Database database, TableSchema table, List<Column> cursor, List<Column> visible) {
        this.database = database;
        this.table = table;
        this.cursor = List.copyOf(cursor);
        this.places = cursor.stream().mapToInt(table.columns()::indexOf).toArray();
        Dialect dialect = database.dialect();
        StringJoiner columns = new StringJoiner(", ", "SELECT ", "");
        if (dialect == Dialect.POSTGRESQL) {
            table.columns().forEach(column -> columns.add("t." + dialect.selected(column)));
        } else {
            columns.add("t.*"); // what comes says whether the table has changed
            for (Column column :
                    table.columns().subList(visible.size(), table.columns().size())) {
                columns.add(name(column));
            }
        }
        StringJoiner by = new StringJoiner(", ", " ORDER BY ", "");
        cursor.forEach(column -> by.add(name(column)));
        this.select = columns.toString();
        this.order = by.toString();
    }

    /** Returns the columns that {@code SELECT *} has, in its order. It leaves out those that are invisible. */
    static List<Column> visible(Connection connection, Database database, TableSchema table) throws SQLException {
        String sql = "SELECT * FROM " + database.dialect().quoteTable(table) + " WHERE 1 = 0";
        try (PreparedStatement statement = database.prepare(connection, sql);
                ResultSet rows = statement.executeQuery()) {
            List<Column> visible = new ArrayList<>();
            ResultSetMetaData found = rows.getMetaData();
            for (int i = 1; i <= found.getColumnCount(); i++) {
                Column column = table.column(found.getColumnName(i));
                if (column != null) {
                    visible.add(column);
                }
            }
            return visible;
        }
    }

    private String name(Column column) {
        return "t." + database.dialect().quote(column.name());
    }

    /** Returns the values of a row's cursor. */
    List<Object> cursorOf(SelectedRow row) {
        List<Object> values = new ArrayList<>(cursor.size());
        for (int place : places) {
            values.add(java.util.Objects.requireNonNull(row.get(place)));
        }
        return values;
    }

    /** Reads a page. */
    List<SelectedRow> read(Connection connection, Page page) throws SQLException {
        StringJoiner where = new StringJoiner(" AND ", " WHERE " + name(cursor.get(0)) + " IS NOT NULL AND ", "")
                .setEmptyValue(" WHERE " + name(cursor.get(0)) + " IS NOT NULL");
        if (page.fromXid != 0) {
            where.add(IN_WINDOW);
        }
        if (page.notBefore != null) {
            where.add(name(cursor.get(0)) + " >= " + database.dialect().placeholder(cursor.get(0)));
        }
        if (page.after != null) {
            where.add(database.dialect().comparesTuples() ? behindTuple() : behindInSteps());
        }
        boolean numbered = database.dialect() == Dialect.POSTGRESQL && page.fromXid == 0;
        String from = (numbered ? ", t.xmin::text" : "") + " FROM "
                + database.dialect().quoteTable(table) + " t";
        try (PreparedStatement statement =
                database.prepare(connection, select + from + where + order + " LIMIT " + page.limit)) {
            bind(statement, page);
            try (ResultSet rows = statement.executeQuery()) {
                checkColumns(rows.getMetaData());
                List<SelectedRow> found = new ArrayList<>(page.limit);
                while (rows.next()) {
                    found.add(row(rows, numbered));
                }
                return found;
            }
        }
    }

    /** A table that was altered has other columns than it had. */
    private void checkColumns(ResultSetMetaData columns) throws SQLException {
        boolean named = database.dialect() == Dialect.POSTGRESQL;
        boolean same = named || columns.getColumnCount() == table.columns().size();
        for (int i = 0; !named && same && i < table.columns().size(); i++) {
            same = columns.getColumnName(i + 1).equals(table.columns().get(i).name());
        }
        if (!same) {
            throw new TableChangedException(table.qualified());
        }
    }

    /** The columns of a table are not those that were looked up. */
    static final class TableChangedException extends SQLException {
        private static final long serialVersionUID = 1L;

        TableChangedException(String table) {
            super("the columns of " + table + " have changed");
        }
    }

    /** If it is numbered, the last value is the transaction's number. */
    private SelectedRow row(ResultSet rows, boolean numbered) throws SQLException {
        int columns = table.columns().size();
        Dialect dialect = database.dialect();
        @Nullable Object[] row = new @Nullable Object[numbered ? columns + 1 : columns];
        for (int i = 0; i < columns; i++) {
            row[i] = dialect.value(rows, i + 1, table.columns().get(i));
        }
        if (numbered) {
            row[columns] = rows.getLong(columns + 1);
        }
        return new SelectedRow(row);
    }

    /** Returns whether a row of a first round on PostgreSQL was written by a transaction before that one. */
    static boolean isBefore(SelectedRow row, long toXid) {
        long xid = (Long) java.util.Objects.requireNonNull(row.get(row.length() - 1));
        return xid < FIRST_NORMAL_XID || ((toXid - 1 - xid) & XID_MASK) < HALF_OF_ALL;
    }

    private String behindTuple() {
        StringJoiner names = new StringJoiner(", ", "(", ")");
        StringJoiner values = new StringJoiner(", ", "(", ")");
        for (Column column : cursor) {
            names.add(name(column));
            values.add(database.dialect().placeholder(column));
        }
        return names + " > " + values;
    }

    /** The same in steps: {@code a >= ? AND (a > ? OR (a = ? AND (b > ? ...)))}, of which the first uses an index. */
    private String behindInSteps() {
        StringJoiner any = new StringJoiner(" OR ", "(", ")");
        for (int last = 0; last < cursor.size(); last++) {
            StringJoiner all = new StringJoiner(" AND ", "(", ")");
            for (int i = 0; i < last; i++) {
                all.add(name(cursor.get(i)) + " = ?");
            }
            any.add(all.add(name(cursor.get(last)) + " > ?").toString());
        }
        return name(cursor.get(0)) + " >= ? AND " + any;
    }

    private void bind(PreparedStatement statement, Page page) throws SQLException {
        int next = 1;
        if (page.fromXid != 0) {
            statement.setLong(next++, page.fromXid & XID_MASK);
            statement.setLong(next++, page.toXid - page.fromXid);
        }
        if (page.notBefore != null) {
            bind(statement, next++, 0, page.notBefore);
        }
        List<Object> after = page.after;
        if (after == null) {
            return;
        }
        if (database.dialect().comparesTuples()) {
            for (int i = 0; i < after.size(); i++) {
                bind(statement, next++, i, after.get(i));
            }
            return;
        }
        bind(statement, next++, 0, after.get(0));
        for (int last = 0; last < after.size(); last++) {
            for (int i = 0; i <= last; i++) {
                bind(statement, next++, i, after.get(i));
            }
        }
    }

    private void bind(PreparedStatement statement, int index, int column, Object value) throws SQLException {
        database.dialect().bind(statement, index, cursor.get(column), value);
    }

    /** Returns the greatest value of the first column of the cursor, null if the table is empty. */
    @Nullable
    Object newest(Connection connection) throws SQLException {
        Column first = cursor.get(0);
        String sql = "SELECT t." + database.dialect().selected(first) + " FROM "
                + database.dialect().quoteTable(table) + " t WHERE " + name(first) + " IS NOT NULL ORDER BY "
                + name(first) + " DESC LIMIT 1";
        try (PreparedStatement statement = database.prepare(connection, sql);
                ResultSet rows = statement.executeQuery()) {
            return rows.next() ? SelectedRow.value(database.dialect().value(rows, 1, first)) : null;
        }
    }
}
