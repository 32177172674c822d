package io.pythia.memory;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one session was given and has not settled, in the order of delivery. Guarded by the broker's lock. */
final class Leases {
    static final long NEVER = Long.MAX_VALUE;

    private @Nullable MemoryDelivery first;
    private @Nullable MemoryDelivery last;
    private int count;
    /** No lease ends before; the one that did may have been settled. */
    private long earliest = NEVER;

    void add(MemoryDelivery delivery, long until) {
        delivery.owner = this;
        delivery.due = until;
        delivery.previous = last;
        if (last == null) {
            first = delivery;
        } else {
            last.next = delivery;
        }
        last = delivery;
        count++;
        earliest = Math.min(earliest, until);
    }

    void remove(MemoryDelivery delivery) {
        MemoryDelivery before = delivery.previous;
        MemoryDelivery after = delivery.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        delivery.owner = null;
        delivery.previous = null;
        delivery.next = null;
        if (--count == 0) {
            earliest = NEVER;
        }
    }

    void extend(MemoryDelivery delivery, long until) {
        if (delivery.due != NEVER) {
            delivery.due = until;
            earliest = Math.min(earliest, until);
        }
    }

    /** Removes and returns those whose lease has ended. */
    List<MemoryDelivery> removeEnded(long now) {
        if (now < earliest) {
            return List.of();
        }
        List<MemoryDelivery> ended = new ArrayList<>();
        earliest = NEVER;
        MemoryDelivery each = first;
        while (each != null) {
            MemoryDelivery after = each.next;
            if (each.due <= now) {
                remove(each);
                ended.add(each);
            } else {
                earliest = Math.min(earliest, each.due);
            }
            each = after;
        }
        return ended;
    }

    /** Removes and returns all. */
    List<MemoryDelivery> removeAll() {
        List<MemoryDelivery> removed = new ArrayList<>();
        for (MemoryDelivery each = first; each != null; each = first) {
            remove(each);
            removed.add(each);
        }
        return removed;
    }

    /** Returns when it is time to look at {@link #removeEnded}, {@link #NEVER} if there is nothing to see. */
    long earliest() {
        return earliest;
    }

    int count(MemoryGroup group) {
        int found = 0;
        for (MemoryDelivery each = first; each != null; each = each.next) {
            found += each.group == group ? 1 : 0;
        }
        return found;
    }
}
