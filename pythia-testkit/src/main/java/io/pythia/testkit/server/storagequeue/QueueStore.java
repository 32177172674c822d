package io.pythia.testkit.server.storagequeue;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** The messages of one queue. Thread-safe. */
final class QueueStore {
    /** What a request is refused with. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;

        final int status;
        final String code;

        Refused(int status, String code) {
            super(code);
            this.status = status;
            this.code = code;
        }
    }

    /** A message as it is given out: a copy. */
    record Given(String id, String text, String popReceipt, long inserted, long expires, long visibleAt, int count) {}

    private static final class Stored {
        final String id = UUID.randomUUID().toString();
        final String text;
        final long inserted = System.currentTimeMillis();
        final long expires;
        String popReceipt = UUID.randomUUID().toString();
        long visibleAt;
        int count;

        Stored(String text, long expires, long visibleAt) {
            this.text = text;
            this.expires = expires;
            this.visibleAt = visibleAt;
        }

        Given given() {
            return new Given(id, text, popReceipt, inserted, expires, visibleAt, count);
        }
    }

    private final Map<String, Stored> messages = new LinkedHashMap<>();

    /**
     * Adds a message.
     *
     * @param hidden for so many milliseconds
     * @param timeToLive in milliseconds, negative for ever
     */
    synchronized Given add(String text, long hidden, long timeToLive) {
        long now = System.currentTimeMillis();
        Stored stored = new Stored(text, timeToLive < 0 ? Long.MAX_VALUE : now + timeToLive, now + hidden);
        messages.put(stored.id, stored);
        return stored.given();
    }

    /** Takes visible messages, and hides them for so many milliseconds; a peek changes nothing. */
    synchronized List<Given> take(int most, long hideFor, boolean peek) {
        long now = System.currentTimeMillis();
        List<Given> taken = new ArrayList<>();
        for (Iterator<Stored> all = messages.values().iterator(); all.hasNext() && taken.size() < most; ) {
            Stored each = all.next();
            if (each.expires <= now) {
                all.remove();
            } else if (each.visibleAt <= now) {
                if (!peek) {
                    each.count++;
                    each.popReceipt = UUID.randomUUID().toString();
                    each.visibleAt = now + hideFor;
                }
                taken.add(each.given());
            }
        }
        return taken;
    }

    synchronized void delete(String id, String popReceipt) {
        messages.remove(find(id, popReceipt).id);
    }

    /** Makes a message visible after so many milliseconds; it has a new receipt then. */
    synchronized Given hide(String id, String popReceipt, long hideFor) {
        Stored stored = find(id, popReceipt);
        stored.visibleAt = System.currentTimeMillis() + hideFor;
        stored.popReceipt = UUID.randomUUID().toString();
        return stored.given();
    }

    private Stored find(String id, String popReceipt) {
        Stored stored = messages.get(id);
        if (stored == null) {
            throw new Refused(404, "MessageNotFound");
        }
        if (!stored.popReceipt.equals(popReceipt)) {
            throw new Refused(400, "PopReceiptMismatch");
        }
        return stored;
    }

    synchronized int size() {
        return messages.size();
    }
}
