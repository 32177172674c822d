package io.pythia.cdc;

import io.pythia.cdc.Column.Kind;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What differs between databases. Values are read as what both a cursor and an event can be made of: whole numbers, decimals, texts. On
 * PostgreSQL all of them are texts, as they are in its log, and stay bytes in UTF-8 until they are asked for ({@link SelectedRow}).
 */
enum Dialect {
    POSTGRESQL('"', 63, true) {
        @Override
        String selected(Column column) {
            return quote(column.name()) + "::text";
        }

        @Override
        String placeholder(Column column) {
            return "CAST(? AS " + column.typeName() + ")";
        }

        @Override
        @Nullable
        Object value(ResultSet row, int index, Column column) throws SQLException {
            return row.getBytes(index);
        }

        @Override
        void bind(PreparedStatement statement, int index, Object value) throws SQLException {
            statement.setString(index, value.toString());
        }

        @Override
        String now() {
            return "clock_timestamp()";
        }
    },
    /** MariaDB too. A tuple comparison does not use an index there. */
    MYSQL('`', 64, false) {
        @Override
        Kind kind(int jdbcType, String typeName) {
            // In its own zone, which a session sets to UTC; a DATETIME has none.
            return typeName.toUpperCase(Locale.ROOT).startsWith("TIMESTAMP")
                    ? Kind.INSTANT
                    : super.kind(jdbcType, typeName);
        }
    },
    /** A value has the type that it was stored with, whatever its column says. */
    SQLITE('"', 128, true) {
        @Override
        Kind kind(int jdbcType, String typeName) {
            String name = typeName.toUpperCase(Locale.ROOT);
            if (name.startsWith("BOOL")) {
                return Kind.BOOLEAN;
            }
            return name.contains("BLOB") ? Kind.BYTES : name.contains("INT") ? Kind.INTEGER : Kind.TEXT;
        }

        @Override
        @Nullable
        Object value(ResultSet row, int index, Column column) throws SQLException {
            Object value = row.getObject(index);
            if (value instanceof byte[] bytes) {
                return Base64.getEncoder().encodeToString(bytes);
            }
            return value instanceof Integer number ? (Object) number.longValue() : value;
        }

        // A decimal would become a text, and a text is greater than every number.
        @Override
        void bind(PreparedStatement statement, int index, Object value) throws SQLException {
            super.bind(statement, index, value instanceof BigDecimal number ? (Object) number.doubleValue() : value);
        }

        @Override
        String now() {
            return "strftime('%Y-%m-%d %H:%M:%f', 'now')";
        }
    },
    H2('"', 128, true) {
        @Override
        String placeholder(Column column) {
            return switch (column.kind()) {
                case TIMESTAMP -> "CAST(? AS TIMESTAMP(9))";
                case INSTANT -> "CAST(? AS TIMESTAMP(9) WITH TIME ZONE)";
                case DATE -> "CAST(? AS DATE)";
                case OTHER -> "CAST(? AS " + column.typeName() + ")";
                default -> "?";
            };
        }
    };

    private final char quote;
    private final int longestName;
    private final boolean comparesTuples;

    Dialect(char quote, int longestName, boolean comparesTuples) {
        this.quote = quote;
        this.longestName = longestName;
        this.comparesTuples = comparesTuples;
    }

    /** Returns whether {@code (a, b) > (?, ?)} uses an index. */
    boolean comparesTuples() {
        return comparesTuples;
    }

    /**
     * Returns a name as it may stand in a statement.
     *
     * @throws IllegalArgumentException if no table or column can be called so
     */
    String quote(String name) {
        if (name.isEmpty() || name.length() > longestName || name.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a name must have 1 to " + longestName + " characters, none of control");
        }
        String mark = String.valueOf(quote);
        return mark + name.replace(mark, mark + mark) + mark;
    }

    String quoteTable(TableSchema table) {
        return table.schema().isEmpty() ? quote(table.name()) : quote(table.schema()) + "." + quote(table.name());
    }

    /** Returns a column as it is selected. */
    String selected(Column column) {
        return quote(column.name());
    }

    /** Returns what stands for a value that is compared with a column. */
    String placeholder(Column column) {
        return "?";
    }

    /** Returns the time now, as a column of creation times has it. */
    String now() {
        return "CURRENT_TIMESTAMP";
    }

    Kind kind(int jdbcType, String typeName) {
        return switch (jdbcType) {
            case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT -> Kind.INTEGER;
            case Types.DECIMAL, Types.NUMERIC -> Kind.DECIMAL;
            case Types.REAL, Types.FLOAT, Types.DOUBLE -> Kind.FLOAT;
            case Types.BOOLEAN, Types.BIT -> Kind.BOOLEAN;
            case Types.CHAR,
                    Types.VARCHAR,
                    Types.LONGVARCHAR,
                    Types.NCHAR,
                    Types.NVARCHAR,
                    Types.LONGNVARCHAR,
                    Types.CLOB,
                    Types.NCLOB -> Kind.TEXT;
            case Types.BINARY, Types.VARBINARY, Types.LONGVARBINARY, Types.BLOB -> Kind.BYTES;
            case Types.DATE -> Kind.DATE;
            case Types.TIME -> Kind.TIME;
            case Types.TIMESTAMP -> Kind.TIMESTAMP;
            case Types.TIMESTAMP_WITH_TIMEZONE -> Kind.INSTANT;
            default -> Kind.OTHER;
        };
    }

    /** Returns a value of the row, or null. */
    @Nullable
    Object value(ResultSet row, int index, Column column) throws SQLException {
        switch (column.kind()) {
            case INTEGER, DECIMAL -> {
                BigDecimal number = row.getBigDecimal(index);
                return number == null || number.scale() > 0 || number.precision() > 18
                        ? (Object) number
                        : (Object) number.longValueExact();
            }
            case FLOAT -> {
                double number = row.getDouble(index);
                return row.wasNull() ? null : number;
            }
            case BOOLEAN -> {
                boolean truth = row.getBoolean(index);
                return row.wasNull() ? null : truth;
            }
            case BYTES -> {
                byte[] bytes = row.getBytes(index);
                return bytes == null ? null : Base64.getEncoder().encodeToString(bytes);
            }
            default -> {
                return row.getString(index);
            }
        }
    }

    /** Binds what {@link #value} returned. */
    void bind(PreparedStatement statement, int index, Object value) throws SQLException {
        if (value instanceof Long number) {
            statement.setLong(index, number);
        } else if (value instanceof BigDecimal number) {
            statement.setBigDecimal(index, number);
        } else if (value instanceof Double number) {
            statement.setDouble(index, number);
        } else if (value instanceof Boolean truth) {
            statement.setBoolean(index, truth);
        } else {
            statement.setString(index, value.toString());
        }
    }

    /** Binds a value of a column, whose bytes are Base64. */
    final void bind(PreparedStatement statement, int index, Column column, Object value) throws SQLException {
        if (column.kind() == Kind.BYTES && this != POSTGRESQL) {
            statement.setBytes(index, Base64.getDecoder().decode(value.toString()));
        } else {
            bind(statement, index, value);
        }
    }
}
