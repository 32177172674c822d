package io.pythia.redis;

import io.pythia.spi.Settlement;
import java.util.List;

/**
 * Knows whether what is settled is just what the consumer has held for longest: then Redis need not look for each, since it stands at
 * the end of the consumer's list. After anything else the two may disagree on which of several equal elements is which, until the list is
 * empty. For one queue. Thread-safe.
 */
final class HeldElements {
    private long taken;
    private long settled;
    private boolean inOrder = true;
    private boolean confused;

    /** So many more were taken. */
    synchronized void taken(int count) {
        inOrder |= settled == taken && !confused;
        taken += count;
    }

    /** Notes that these are being acknowledged; returns whether they are the oldest ones, all of them, in their order. */
    synchronized boolean areOldest(List<? extends Settlement<ListElement>> batch) {
        for (int i = 0; inOrder && i < batch.size(); i++) {
            inOrder = batch.get(i).receipt().number == settled + i;
        }
        settled += batch.size();
        return inOrder;
    }

    /** Nobody knows what was applied, and so, from now on, what the list holds. */
    synchronized void confused() {
        confused = true;
        inOrder = false;
    }
}
