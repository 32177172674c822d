package io.pythia.kafka;

import java.util.BitSet;
import org.apache.kafka.common.TopicPartition;

/**
 * How far one partition has come during one assignment: which records were fetched, given out and acknowledged, and up to where that is
 * without a gap. Knows only offsets that were received: compaction and transactions leave holes that are no gaps.
 *
 * <p>Records are numbered in the order in which they were fetched. Not thread-safe: {@link OffsetTracker} guards it.
 */
final class PartitionProgress {
    private static final int FIRST_CAPACITY = 1024;

    final TopicPartition partition;
    /** The offsets of the records that are not in the prefix yet, by number modulo the length, a power of two. */
    private long[] offsets = new long[FIRST_CAPACITY];

    private final BitSet acknowledged = new BitSet();
    private long fetched;
    private long delivered;
    private long prefix;
    private long settled;
    /** The position after the last record of the prefix; before the first where it begins, -1 if that need not be committed. */
    private long position = -1;

    private long committed = -1;
    private volatile boolean over;

    PartitionProgress(TopicPartition partition) {
        this.partition = partition;
    }

    /** Makes the position at which it begins one to commit. */
    void beginAt(long beginning) {
        if (position < 0) {
            position = beginning;
        }
    }

    /** Returns the number of a record that was fetched. */
    long fetched(long offset) {
        if (fetched - prefix == offsets.length) {
            grow();
        }
        offsets[slot(fetched)] = offset;
        return fetched++;
    }

    /** The records up to this number, and this one, were given to the engine. */
    void delivered(long number) {
        delivered = Math.max(delivered, number + 1);
    }

    /** Acknowledges a record. Returns whether the prefix has grown; a second time it has not. */
    boolean acknowledge(long number) {
        if (number < prefix || acknowledged.get(slot(number))) {
            return false;
        }
        acknowledged.set(slot(number));
        settled++;
        if (number != prefix) {
            return false;
        }
        while (prefix < fetched && acknowledged.get(slot(prefix))) {
            acknowledged.clear(slot(prefix));
            position = offsets[slot(prefix)] + 1;
            prefix++;
        }
        return true;
    }

    /** Returns whether there is a position to commit that the broker does not have. */
    boolean isDirty() {
        return position > committed;
    }

    /** Returns the position to commit: the one after the last record of the prefix. */
    long position() {
        return position;
    }

    /** The broker has this position. Never goes back. */
    void committed(long confirmed) {
        committed = Math.max(committed, confirmed);
    }

    /** Returns whether the broker has any position. */
    boolean hasCommitted() {
        return committed >= 0;
    }

    /** Returns whether the broker has a position behind this offset. */
    boolean isCommitted(long offset) {
        return offset < committed;
    }

    /** Returns how many records were given out and are not settled. */
    long unsettled() {
        return delivered - settled;
    }

    /** Returns how many records were given out and can't be committed yet, settled or not. */
    long window() {
        return delivered - prefix;
    }

    /** Returns how many records were fetched and can't be committed yet. */
    long ahead() {
        return fetched - prefix;
    }

    /** The assignment is over: nothing of it can be settled any more. */
    void end() {
        over = true;
    }

    boolean isOver() {
        return over;
    }

    private int slot(long number) {
        return (int) (number & (offsets.length - 1));
    }

    private void grow() {
        long[] larger = new long[offsets.length * 2];
        BitSet moved = new BitSet(larger.length);
        for (long number = prefix; number < fetched; number++) {
            int to = (int) (number & (larger.length - 1));
            larger[to] = offsets[slot(number)];
            moved.set(to, acknowledged.get(slot(number)));
        }
        offsets = larger;
        acknowledged.clear();
        acknowledged.or(moved);
    }
}
