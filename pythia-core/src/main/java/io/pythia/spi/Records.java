package io.pythia.spi;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Records by reflection: their defaults, their components, and new ones. The records are public and in exported packages. */
final class Records {
    private Records() {}

    /** Returns what the record's static method {@code defaults()} returns. */
    static <T extends Record> T defaults(Class<T> type) {
        try {
            return type.cast(type.getMethod("defaults").invoke(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " needs a public static method defaults()", e);
        }
    }

    static @Nullable Object get(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("can't read " + component, e);
        }
    }

    /** Creates a record; what its constructor says against the values comes as {@link IllegalArgumentException}. */
    static <T extends Record> T create(Class<T> type, @Nullable Object[] values) {
        Class<?>[] types = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class[]::new);
        try {
            return type.getConstructor(types).newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refused) {
                throw refused;
            }
            throw new IllegalArgumentException(String.valueOf(e.getCause()), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("can't create " + type, e);
        }
    }

    /** Returns what the record's constructor says against the values, or null if it takes them. */
    static @Nullable String refusal(Class<? extends Record> type, @Nullable Object[] values) {
        try {
            create(type, values);
            return null;
        } catch (IllegalArgumentException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
