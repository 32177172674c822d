package io.pythia.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Settled messages on their way to the pump: many threads add, one takes all. Needs no memory of its own: the messages are the links. */
final class SettleQueue<R> {
    private final AtomicReference<@Nullable Delivery<R>> last = new AtomicReference<>();

    void add(Delivery<R> delivery) {
        Delivery<R> before = last.get();
        while (true) {
            delivery.next = before;
            if (last.compareAndSet(before, delivery)) {
                return;
            }
            before = last.get();
        }
    }

    boolean isEmpty() {
        return last.get() == null;
    }

    /** Takes all, in the order in which they were added. */
    List<Delivery<R>> takeAll() {
        Delivery<R> link = last.getAndSet(null);
        if (link == null) {
            return List.of();
        }
        List<Delivery<R>> taken = new ArrayList<>();
        while (link != null) {
            taken.add(link);
            Delivery<R> before = link.next;
            link.next = null;
            link = before;
        }
        Collections.reverse(taken);
        return taken;
    }
}
