package io.pythia.cdc;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A table as the database describes it.
 *
 * @param schema its schema (MariaDB, MySQL: its database), empty where there is none
 * @param name its name
 * @param columns its columns, in their order
 */
record TableSchema(String schema, String name, List<Column> columns) {

    /** Returns the columns of the primary key, in its order. */
    List<Column> key() {
        return columns.stream()
                .filter(Column::isKey)
                .sorted(Comparator.comparingInt(Column::keyPart))
                .toList();
    }

    @Nullable
    Column column(String wanted) {
        for (Column column : columns) {
            if (column.name().equals(wanted)) {
                return column;
            }
        }
        for (Column column : columns) {
            if (column.name().equalsIgnoreCase(wanted)) {
                return column;
            }
        }
        return null;
    }

    /** Returns the same table with some of its columns before the others. */
    TableSchema beginningWith(List<Column> first) {
        List<Column> ordered = new ArrayList<>(first);
        columns.stream().filter(column -> !first.contains(column)).forEach(ordered::add);
        return new TableSchema(schema, name, ordered);
    }

    /** Returns the schema and the name with a dot between. */
    String qualified() {
        return schema.isEmpty() ? name : schema + "." + name;
    }
}
