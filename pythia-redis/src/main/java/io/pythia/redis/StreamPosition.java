package io.pythia.redis;

import org.jspecify.annotations.Nullable;

/** What outlives the sessions of one consumer: whether its group was there, and the last entry it has seen. Thread-safe. */
final class StreamPosition {
    private volatile boolean groupSeen;
    private volatile @Nullable String lastSeen;

    boolean isGroupSeen() {
        return groupSeen;
    }

    void groupSeen() {
        groupSeen = true;
    }

    @Nullable
    String lastSeen() {
        return lastSeen;
    }

    void seen(String id) {
        lastSeen = id;
    }

    /** Compares two ids of entries, {@code milliseconds-number}, both unsigned. */
    static int compare(String a, String b) {
        int byTime = Long.compareUnsigned(time(a), time(b));
        return byTime != 0 ? byTime : Long.compareUnsigned(number(a), number(b));
    }

    private static long time(String id) {
        int dash = id.indexOf('-');
        return Long.parseUnsignedLong(id, 0, dash < 0 ? id.length() : dash, 10);
    }

    private static long number(String id) {
        int dash = id.indexOf('-');
        return dash < 0 ? 0 : Long.parseUnsignedLong(id, dash + 1, id.length(), 10);
    }
}
