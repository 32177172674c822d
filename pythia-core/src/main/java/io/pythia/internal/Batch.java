package io.pythia.internal;

import io.pythia.spi.Received;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one {@code receive} returned, or one message that is delivered again: the unit in which messages in flight are kept. Guarded by
 * {@link InFlight}.
 */
final class Batch<R> {
    final Session<R> session;
    final @Nullable Delivery<R>[] items;
    /** How large the contents were together when they were received. */
    final long bytes;
    /** Since when its messages are with the application, by {@link System#nanoTime}. */
    volatile long since;
    /** When the leases of this batch are to be extended next, by {@link System#nanoTime}. */
    long renewAt;
    /** Set while its message, which was nacked, waits to be delivered again: the engine has it, not the application. */
    boolean waiting;

    int open;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Batch(ReceiveEngine<R> engine, Session<R> session, List<Received<R>> received, long now) {
        this.session = session;
        this.since = now;
        this.open = received.size();
        this.items = new Delivery[open];
        long lease = ReceiveEngine.toNanos(session.driver.lease());
        this.renewAt = lease == 0 ? Long.MAX_VALUE : now + lease / 3;
        long sum = 0;
        for (int i = 0; i < open; i++) {
            Received<R> one = received.get(i);
            items[i] = new Delivery<>(engine, this, i, one.receipt(), one.content(), one.attempt());
            sum += one.content().size();
        }
        this.bytes = sum;
    }

    /** Creates one of a message that was nacked, for its next delivery: that has its own age. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    Batch(Delivery<R> last) {
        this.session = last.batch.session;
        this.since = last.batch.since;
        this.open = 1;
        this.bytes = last.content().size();
        this.items =
                new Delivery[] {new Delivery<>(last.engine, this, 0, last.receipt(), last.content(), last.attempt + 1)};
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
