package io.pythia.internal;

import org.jspecify.annotations.Nullable;

/** What one {@code receive} returned: the unit in which messages in flight are kept. Guarded by {@link InFlight}. */
final class Batch<R> {
    final Session<R> session;
    final long receivedAt;
    final @Nullable Delivery<R>[] items;
    /** When the leases of this batch are to be extended next, by {@link System#nanoTime}. */
    long renewAt;

    int open;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Batch(Session<R> session, int size, long receivedAt) {
        this.session = session;
        this.receivedAt = receivedAt;
        this.items = new Delivery[size];
        this.open = size;
    }

    @Nullable
    Delivery<R> oldest() {
        for (Delivery<R> item : items) {
            if (item != null) {
                return item;
            }
        }
        return null;
    }
}
