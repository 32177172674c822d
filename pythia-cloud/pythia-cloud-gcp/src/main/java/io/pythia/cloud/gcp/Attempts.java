package io.pythia.cloud.gcp;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often this consumer has given messages back. The service counts deliveries only for a subscription with a dead-letter policy; without
 * one this is what {@code maxAttempts} goes by. The messages given back longest ago are forgotten first. Thread-safe.
 */
final class Attempts {
    private static final int MOST = 10_000;

    private final Map<String, Integer> failures = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Integer> eldest) {
            return size() > MOST;
        }
    };
    private volatile boolean empty = true;

    /** Returns which delivery this is, the first being 1. */
    int of(String messageId, int countedByService) {
        if (empty) {
            return Math.max(1, countedByService);
        }
        synchronized (this) {
            return Math.max(1 + failures.getOrDefault(messageId, 0), countedByService);
        }
    }

    synchronized void failed(String messageId) {
        Integer before = failures.remove(messageId);
        failures.put(messageId, before == null ? 1 : before + 1);
        empty = false;
    }

    void succeeded(String messageId) {
        if (!empty) {
            synchronized (this) {
                failures.remove(messageId);
                empty = failures.isEmpty();
            }
        }
    }
}
