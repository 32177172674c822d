package io.pythia.cdc;

import io.pythia.internal.Hashes;
import org.jspecify.annotations.Nullable;

/**
 * A row that was selected. PostgreSQL's texts stay the bytes that the driver has read until somebody asks for them: most columns of most
 * rows nobody does. Immutable.
 */
final class SelectedRow {
    private final @Nullable Object[] values;

    /** Creates one; its arrays of bytes are texts in UTF-8. */
    SelectedRow(@Nullable Object[] values) {
        this.values = values;
    }

    /** Returns the value of a column, from 0: a text, a number, a boolean, or null. */
    @Nullable
    Object get(int column) {
        return value(values[column]);
    }

    /** Returns what was read for a column as {@link #get} does. */
    static @Nullable Object value(@Nullable Object read) {
        return read instanceof byte[] text ? Values.text(text) : read;
    }

    /** Returns how many values it has. */
    int length() {
        return values.length;
    }

    /**
     * Returns {@code #} and a hash of all values: what tells it from another state of the same row. Not of those that are null, since a
     * column that is added is null in rows that nobody has changed.
     */
    String version() {
        StringBuilder text = new StringBuilder(64);
        for (int i = 0; i < values.length; i++) {
            Object value = get(i);
            if (value != null) {
                String shown = value.toString();
                text.append(i).append(':').append(shown.length()).append(':').append(shown);
            }
        }
        return "#" + Hashes.of(text.toString());
    }

    /** Returns about how many bytes it takes. */
    int size() {
        int size = 64;
        for (Object value : values) {
            size += value instanceof byte[] bytes ? bytes.length : value instanceof String text ? text.length() : 8;
        }
        return size;
    }
}
