package io.pythia.cloud.aws;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often messages were received and went back without anybody having looked at them: SQS counts these too, but no attempt has failed.
 * Keeps the last ten thousand. Thread-safe.
 */
final class UnseenReceives {
    private static final int MOST = 10_000;

    private final Map<String, Integer> counts = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
            return size() > MOST;
        }
    };

    synchronized void add(String id) {
        counts.merge(id, 1, Integer::sum);
    }

    /** Returns how many of so many receives were seen, this one included; at least 1. */
    synchronized int seen(String id, int receives) {
        return Math.max(1, receives - counts.getOrDefault(id, 0));
    }

    synchronized void forget(String id) {
        counts.remove(id);
    }
}
