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
        int dashA = a.indexOf('-');
        int dashB = b.indexOf('-');
        int byTime = Long.compareUnsigned(
                Long.parseUnsignedLong(dashA < 0 ? a : a.substring(0, dashA)),
                Long.parseUnsignedLong(dashB < 0 ? b : b.substring(0, dashB)));
        return byTime != 0
                ? byTime
                : Long.compareUnsigned(
                        dashA < 0 ? 0 : Long.parseUnsignedLong(a.substring(dashA + 1)),
                        dashB < 0 ? 0 : Long.parseUnsignedLong(b.substring(dashB + 1)));
    }
}
