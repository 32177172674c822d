package io.pythia.memory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The messages of a topic, in the order of sending, and its groups. Guarded by the broker's lock. */
final class MemoryTopic {
    final String name;
    final Map<String, MemoryGroup> groups = new LinkedHashMap<>();
    private final Queue<StoredMessage> consumed = new ArrayDeque<>();
    private @Nullable StoredMessage first;
    private @Nullable StoredMessage last;
    private long nextOffset;

    MemoryTopic(String name) {
        this.name = name;
    }

    void append(StoredMessage message) {
        message.offset = nextOffset++;
        message.previous = last;
        if (last == null) {
            first = message;
        } else {
            last.next = message;
        }
        last = message;
        message.openGroups = groups.size();
        for (MemoryGroup group : groups.values()) {
            group.appended(message);
        }
    }

    /** Returns the group, and makes it if there is none: it then begins with what is there, or with what comes. */
    MemoryGroup group(String group, boolean fromStart) {
        MemoryGroup existing = groups.get(group);
        if (existing != null) {
            return existing;
        }
        MemoryGroup created = new MemoryGroup(this, group, fromStart ? first : null);
        groups.put(group, created);
        if (fromStart) {
            openAll();
        } else {
            consumeWhatNoGroupWants();
        }
        return created;
    }

    private void openAll() {
        consumed.clear();
        for (StoredMessage each = first; each != null; each = each.next) {
            each.openGroups++;
            each.consumed = false;
        }
    }

    private void consumeWhatNoGroupWants() {
        for (StoredMessage each = first; each != null; each = each.next) {
            if (each.openGroups == 0 && !each.consumed) {
                each.consumed = true;
                consumed.add(each);
            }
        }
    }

    void remove(MemoryGroup group) {
        groups.remove(group.name);
        group.unsettled().forEach(this::consumedByOne);
    }

    /** A group is done with a message. */
    void consumedByOne(StoredMessage message) {
        if (--message.openGroups == 0) {
            message.consumed = true;
            consumed.add(message);
        }
    }

    int consumedCount() {
        return consumed.size();
    }

    /** Removes the message that all groups have consumed the longest ago, and returns it; null if there is none. */
    @Nullable
    StoredMessage trim() {
        StoredMessage oldest = consumed.poll();
        if (oldest == null) {
            return null;
        }
        StoredMessage before = oldest.previous;
        StoredMessage after = oldest.next;
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
        // Who still holds an old message must not hold all that came after it.
        oldest.previous = null;
        oldest.next = null;
        return oldest;
    }

    /** Returns how many messages there are from this one on, all of them open for a group that has come to it. */
    long countFrom(@Nullable StoredMessage message) {
        return message == null ? 0 : nextOffset - message.offset;
    }

    List<StoredMessage> messages() {
        List<StoredMessage> all = new ArrayList<>();
        for (StoredMessage each = first; each != null; each = each.next) {
            all.add(each);
        }
        return all;
    }
}
