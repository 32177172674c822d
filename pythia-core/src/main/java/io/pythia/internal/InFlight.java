package io.pythia.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages that are with the application, or wait in the engine to be given to it again: how many, how many bytes, which is the
 * oldest, whose lease must be extended.
 *
 * <p>Kept by batch, so that its lock is taken once per batch and not per message. Thread-safe.
 */
final class InFlight<R> {
    private final Set<Batch<R>> batches = new LinkedHashSet<>();
    private volatile int count;
    private volatile long bytes;

    int count() {
        return count;
    }

    long bytes() {
        return bytes;
    }

    /** Adds a batch. */
    synchronized void add(Batch<R> batch) {
        batches.add(batch);
        count += batch.items.length;
        bytes += batch.bytes;
    }

    /**
     * Puts the next delivery of a nacked message, for which it waits, into the place of the last one: its lease is extended meanwhile.
     * Returns false if that is gone, with its session.
     */
    synchronized boolean replace(Delivery<R> last, Delivery<R> next) {
        if (!remove(last)) {
            return false;
        }
        next.batch.waiting = true;
        next.batch.renewAt = last.batch.renewAt;
        batches.add(next.batch);
        return true;
    }

    /** Says that a message that has waited is given out. Returns false if it is gone: with its session, or since its lease was lost. */
    synchronized boolean giveOut(Delivery<R> delivery, long now) {
        if (!holds(delivery)) {
            return false;
        }
        Batch<R> batch = delivery.batch;
        batch.waiting = false;
        batch.since = now;
        batches.remove(batch);
        batches.add(batch); // they are kept by age
        return true;
    }

    /** Returns whether a message is here still. */
    synchronized boolean holds(Delivery<R> delivery) {
        return delivery.batch.items[delivery.index] != null;
    }

    /** Removes what is settled. What is not there any more, because its session died, is left out of the account. */
    synchronized void removeAll(List<Delivery<R>> settled) {
        int removed = 0;
        long removedBytes = 0;
        for (int i = 0; i < settled.size(); i++) {
            Delivery<R> delivery = settled.get(i);
            if (remove(delivery)) {
                removed++;
                removedBytes += delivery.content().size();
            }
        }
        count -= removed;
        bytes -= removedBytes;
    }

    private boolean remove(Delivery<R> delivery) {
        Batch<R> batch = delivery.batch;
        if (batch.items[delivery.index] == null) {
            return false;
        }
        batch.items[delivery.index] = null;
        if (--batch.open == 0) {
            batches.remove(batch);
        }
        return true;
    }

    /** Forgets all: the session died, or the consumer is closed. */
    synchronized void clear() {
        for (Batch<R> batch : batches) {
            Arrays.fill(batch.items, null);
        }
        batches.clear();
        count = 0;
        bytes = 0;
    }

    /** Returns the message that the application has had for longest, or null. */
    synchronized @Nullable Delivery<R> oldest() {
        for (Batch<R> batch : batches) {
            if (!batch.waiting) {
                return batch.oldest();
            }
        }
        return null;
    }

    /** Returns the messages whose lease must be extended now, and sets the next time for their batches. */
    synchronized List<Delivery<R>> dueForRenewal(long now, long interval, long maxAge) {
        List<Delivery<R>> due = new ArrayList<>();
        for (Batch<R> batch : batches) {
            if (batch.renewAt - now > 0) {
                continue;
            }
            batch.renewAt = now + interval;
            // The limit is one for applications: what waits in the engine is extended for as long as it waits.
            boolean inTime = batch.waiting || now - batch.since <= maxAge;
            for (Delivery<R> item : batch.items) {
                if (item != null && (inTime || item.isReserved(now)) && item.isToBeKept()) {
                    due.add(item);
                }
            }
        }
        return due;
    }
}
