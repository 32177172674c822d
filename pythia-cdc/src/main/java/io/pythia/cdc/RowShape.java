package io.pythia.cdc;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How rows of a table that were selected become the maps of an event: what is the same for all of them. Immutable. */
final class RowShape {
    private final List<Column> columns;
    private final List<Column> key;
    private final int[] all;
    private final int[] ofKey;
    private final boolean hasOthers;

    /** Creates one; rows may have further values behind those of the table's columns. */
    RowShape(TableSchema table) {
        this.columns = table.columns();
        this.key = table.key();
        this.all = places(columns);
        this.ofKey = places(key);
        this.hasOthers = columns.stream().anyMatch(column -> column.kind() == Column.Kind.OTHER);
    }

    private int[] places(List<Column> wanted) {
        return wanted.stream().mapToInt(columns::indexOf).toArray();
    }

    /** Returns all columns. */
    Map<String, @Nullable Object> values(SelectedRow row) {
        return new RowMap(columns, all, row);
    }

    /** Returns those of the primary key. */
    Map<String, @Nullable Object> key(SelectedRow row) {
        return new RowMap(key, ofKey, row);
    }

    /** Returns the names of the types that are not known here, of columns that are not null. */
    Map<String, String> types(SelectedRow row) {
        if (!hasOthers) {
            return Map.of();
        }
        Map<String, String> types = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            if (column.kind() == Column.Kind.OTHER && row.get(i) != null) {
                types.put(column.name(), column.typeName());
            }
        }
        return types;
    }
}
