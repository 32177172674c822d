package io.pythia.cdc;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Columns of a row by their names, in their order. A value is converted when it is asked for. Immutable. */
final class RowMap extends AbstractMap<String, @Nullable Object> {
    private final List<Column> columns;
    private final int[] places;
    private final SelectedRow row;

    /** Creates one of columns and their places in the row. */
    RowMap(List<Column> columns, int[] places, SelectedRow row) {
        this.columns = columns;
        this.places = places;
        this.row = row;
    }

    private @Nullable Object value(int index) {
        return Values.convert(columns.get(index).kind(), row.get(places[index]));
    }

    private int indexOf(@Nullable Object name) {
        for (int i = 0; i < places.length; i++) {
            if (columns.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public int size() {
        return places.length;
    }

    @Override
    public boolean containsKey(@Nullable Object name) {
        return indexOf(name) >= 0;
    }

    @Override
    public @Nullable Object get(@Nullable Object name) {
        int index = indexOf(name);
        return index < 0 ? null : value(index);
    }

    @Override
    public Set<Map.Entry<String, @Nullable Object>> entrySet() {
        return new AbstractSet<>() {
            @Override
            public int size() {
                return places.length;
            }

            @Override
            public Iterator<Map.Entry<String, @Nullable Object>> iterator() {
                return new Entries();
            }
        };
    }

    private final class Entries implements Iterator<Map.Entry<String, @Nullable Object>> {
        private int next;

        @Override
        public boolean hasNext() {
            return next < places.length;
        }

        @Override
        public Map.Entry<String, @Nullable Object> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            int index = next++;
            return new SimpleImmutableEntry<>(columns.get(index).name(), value(index));
        }
    }
}
