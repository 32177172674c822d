package io.pythia.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The messages that are with the application: how many, how many bytes, which is the oldest, whose lease must be extended.
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

    /** Puts the next attempt into the place of the last one. Returns false if that is gone, with its session. */
    synchronized boolean replace(Delivery<R> next) {
        Batch<R> batch = next.batch;
        if (batch.items[next.index] == null) {
            return false;
        }
        batch.items[next.index] = next;
        return true;
    }

    /** Removes what is settled. What is not there any more, because its session died, is left out of the account. */
    synchronized void removeAll(List<Delivery<R>> settled) {
        int removed = 0;
        long removedBytes = 0;
        for (int i = 0; i < settled.size(); i++) {
            Delivery<R> delivery = settled.get(i);
            Batch<R> batch = delivery.batch;
            if (batch.items[delivery.index] != null) {
                batch.items[delivery.index] = null;
                removed++;
                removedBytes += delivery.content().size();
                if (--batch.open == 0) {
                    batches.remove(batch);
                }
            }
        }
        count -= removed;
        bytes -= removedBytes;
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

    /** Returns the message that is unsettled for longest, or null. */
    synchronized @Nullable Delivery<R> oldest() {
        Iterator<Batch<R>> first = batches.iterator();
        return first.hasNext() ? first.next().oldest() : null;
    }

    /** Returns the messages whose lease must be extended now, and sets the next time for their batches. */
    synchronized List<Delivery<R>> dueForRenewal(long now, long interval, long maxAge) {
        List<Delivery<R>> due = new ArrayList<>();
        for (Batch<R> batch : batches) {
            if (batch.renewAt - now > 0 || now - batch.receivedAt > maxAge) {
                continue;
            }
            batch.renewAt = now + interval;
            for (Delivery<R> item : batch.items) {
                if (item != null && !item.isSettled()) {
                    due.add(item);
                }
            }
        }
        return due;
    }
}
