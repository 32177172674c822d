package io.pythia.rabbitmq;

/**
 * Which delivery tags of a channel are settled: where all are, up to some tag, one frame acknowledges them together. Confined to whoever
 * settles.
 */
final class AckWindow {
    private boolean[] settled = new boolean[512];
    /** The lowest tag that is not settled; a channel counts from 1. */
    private long first = 1;

    /** Marks a tag. Returns false if it was settled before. */
    boolean settle(long tag) {
        if (tag < first || (tag - first < settled.length && settled[index(tag)])) {
            return false;
        }
        if (tag - first >= settled.length) {
            grow(tag);
        }
        settled[index(tag)] = true;
        return true;
    }

    /** Returns the tag up to which all are settled; forgets them. */
    long advance() {
        while (settled[index(first)]) {
            settled[index(first)] = false;
            first++;
        }
        return first - 1;
    }

    private int index(long tag) {
        return (int) (tag & (settled.length - 1));
    }

    private void grow(long tag) {
        boolean[] old = settled;
        int size = old.length;
        while (tag - first >= size) {
            size *= 2;
        }
        settled = new boolean[size];
        for (long each = first; each < first + old.length; each++) {
            settled[index(each)] = old[(int) (each & (old.length - 1))];
        }
    }
}
