package io.pythia.cdc;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What was read within the overlap, so that it is not delivered again when it is read again. Whoever reads enters and forgets; any thread may
 * acknowledge, and ask what is acknowledged.
 */
final class RecentRows {
    private static final int MAX_STORED = 20_000;
    /** So many more at least are entered before it is worth looking for what is old. */
    private static final int LEAST_ROOM = 10_000;

    /** A row in one of its states. */
    static final class Row {
        private final String key;
        private volatile Instant time;
        private volatile boolean acknowledged;

        private Row(String key, Instant time) {
            this.key = key;
            this.time = time;
        }

        /** Returns what tells it from another state with the same time, as {@link SelectedRow#version} does. */
        String version() {
            return key.substring(key.lastIndexOf('#'));
        }

        void acknowledge() {
            acknowledged = true;
        }
    }

    private final Map<String, Row> rows = new ConcurrentHashMap<>();
    private int fullAt = LEAST_ROOM;

    /**
     * Enters a row that was read.
     *
     * @param cursor its place in the table; two changes may have one time, and then only the values tell them apart
     * @param time when it was changed, null if that is not known
     * @return null if it is known already
     */
    @Nullable
    Row add(String table, List<Object> cursor, SelectedRow row, @Nullable Instant time) {
        Instant at = time == null ? Instant.now() : time;
        String key = table + cursor + row.version();
        Row known = rows.get(key);
        if (known != null) {
            known.time = at;
            return null;
        }
        Row added = new Row(key, at);
        rows.put(key, added);
        return added;
    }

    /** Enters a row that was acknowledged before. */
    void restore(String key, Instant time) {
        Row row = new Row(key, time);
        row.acknowledge();
        rows.put(key, row);
    }

    static boolean isKeyOf(String table, String key) {
        return key.startsWith(table + "[");
    }

    /** Returns whether so many were entered since the last time that it is worth forgetting some, since that looks at all of them. */
    boolean isFull() {
        return rows.size() >= fullAt;
    }

    /** Forgets the rows of a table that were changed before a time, acknowledged or not. */
    void forgetBefore(String table, Instant time) {
        rows.entrySet().removeIf(each -> each.getValue().time.isBefore(time) && isKeyOf(table, each.getKey()));
        fullAt = 2 * rows.size() + LEAST_ROOM;
    }

    int size() {
        return rows.size();
    }

    /** Returns the keys of what was acknowledged; none if they are too many to be stored. */
    Set<String> acknowledged() {
        Set<String> keys = rows.entrySet().stream()
                .filter(each -> each.getValue().acknowledged)
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
        return keys.size() > MAX_STORED ? Set.of() : keys;
    }
}
