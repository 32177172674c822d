package io.pythia.cdc;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row that was selected, as an event has it.
 *
 * @param values all columns
 * @param key those of the primary key
 * @param types the names of the types that are not known here, of columns that are not null
 */
record RowImage(Map<String, @Nullable Object> values, Map<String, @Nullable Object> key, Map<String, String> types) {

    /** Returns the image of a row; it may have further values behind those of the table's columns. */
    static RowImage of(TableSchema table, @Nullable Object[] row) {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        Map<String, String> types = new LinkedHashMap<>();
        for (int i = 0; i < table.columns().size(); i++) {
            Column column = table.columns().get(i);
            values.put(column.name(), Values.convert(column.kind(), row[i]));
            if (column.kind() == Column.Kind.OTHER && row[i] != null) {
                types.put(column.name(), column.typeName());
            }
        }
        Map<String, @Nullable Object> key = new LinkedHashMap<>();
        table.key().forEach(column -> key.put(column.name(), values.get(column.name())));
        return new RowImage(values, key, types);
    }

    /** Returns about how many bytes a row takes. */
    static int size(@Nullable Object[] row) {
        int size = 64;
        for (Object value : row) {
            size += value instanceof String text ? text.length() : 8;
        }
        return size;
    }
}
