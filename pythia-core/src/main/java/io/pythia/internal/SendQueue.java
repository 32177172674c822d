package io.pythia.internal;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What was sent and not yet handed to the driver: many threads add, one takes. First in, first out; needs no memory of its own: the
 * messages are the links.
 */
final class SendQueue {
    private final AtomicReference<@Nullable Sending> newest = new AtomicReference<>();
    /** Taken from the stack and turned round; only the sending thread. */
    private @Nullable Sending oldest;

    void add(Sending sending) {
        Sending before = newest.get();
        while (true) {
            sending.next = before;
            if (newest.compareAndSet(before, sending)) {
                return;
            }
            before = newest.get();
        }
    }

    boolean isEmpty() {
        return oldest == null && newest.get() == null;
    }

    /** Moves at most {@code max} messages that are still wanted to a list; only the sending thread. */
    void drainTo(List<Sending> batch, int max) {
        while (batch.size() < max) {
            if (oldest == null) {
                oldest = reversed(newest.getAndSet(null));
            }
            Sending first = oldest;
            if (first == null) {
                return;
            }
            oldest = first.next;
            first.next = null;
            batch.add(first);
        }
    }

    private static @Nullable Sending reversed(@Nullable Sending stack) {
        Sending turned = null;
        for (Sending link = stack; link != null; ) {
            Sending before = link.next;
            link.next = turned;
            turned = link;
            link = before;
        }
        return turned;
    }
}
