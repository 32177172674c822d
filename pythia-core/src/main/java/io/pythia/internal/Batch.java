package io.pythia.internal;

import io.pythia.spi.Received;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one {@code receive} returned: the unit in which messages in flight are kept. Guarded by {@link InFlight}. */
final class Batch<R> {
    final Session<R> session;
    final long receivedAt;
    final @Nullable Delivery<R>[] items;
    /** How large the contents were together when they were received. */
    final long bytes;
    /** When the leases of this batch are to be extended next, by {@link System#nanoTime}. */
    long renewAt;

    int open;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Batch(ReceiveEngine<R> engine, Session<R> session, List<Received<R>> received, long receivedAt) {
        this.session = session;
        this.receivedAt = receivedAt;
        this.open = received.size();
        this.items = new Delivery[open];
        long lease = ReceiveEngine.toNanos(session.driver.lease());
        this.renewAt = lease == 0 ? Long.MAX_VALUE : receivedAt + lease / 3;
        long sum = 0;
        for (int i = 0; i < open; i++) {
            Received<R> one = received.get(i);
            items[i] = new Delivery<>(engine, this, i, one.receipt(), one.content(), one.attempt());
            sum += one.content().size();
        }
        this.bytes = sum;
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
