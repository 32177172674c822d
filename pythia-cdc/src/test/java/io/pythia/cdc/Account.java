package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What was committed and what was delivered, by key and version: nothing lost, nothing invented, the versions of each key in their order,
 * and how many deliveries were not the first. Thread-safe.
 */
final class Account {
    /** A state of a row: the versions of a key grow. */
    private record Version(long key, long number) {}

    private final CdcMode mode;
    private final Set<Version> attempted = new HashSet<>();
    private final Set<Version> confirmed = new HashSet<>();
    private final Set<Version> delivered = new HashSet<>();
    private final Map<Long, Long> newestConfirmed = new HashMap<>();
    private final Map<Long, Long> newestDelivered = new HashMap<>();
    private final List<String> problems = new ArrayList<>();
    private int deliveries;

    Account(CdcMode mode) {
        this.mode = mode;
    }

    synchronized void attempted(long key, long number) {
        attempted.add(new Version(key, number));
    }

    synchronized void confirmed(long key, long number) {
        confirmed.add(new Version(key, number));
        newestConfirmed.merge(key, number, Math::max);
    }

    synchronized void delivered(ChangeEvent event) {
        long key = (Long) java.util.Objects.requireNonNull(event.key().get("id"));
        long number = Long.parseLong(String.valueOf(Events.after(event).get("name")));
        deliveries++;
        if (!attempted.contains(new Version(key, number))) {
            problems.add("never written: " + event);
        }
        if (delivered.add(new Version(key, number))) {
            Long before = newestDelivered.put(key, number);
            if (before != null && before > number) {
                problems.add(number + " of the key " + key + " came first after " + before);
            }
        }
    }

    synchronized int deliveries() {
        return deliveries;
    }

    synchronized int repeated() {
        return deliveries - delivered.size();
    }

    /** Returns whether all is there that was promised: of the log every version, of polling the last of each key, or a later one. */
    synchronized boolean isComplete() {
        return mode == CdcMode.LOG
                ? delivered.containsAll(confirmed)
                : newestConfirmed.entrySet().stream()
                        .allMatch(each -> newestDelivered.getOrDefault(each.getKey(), 0L) >= each.getValue());
    }

    /** Checks the account when it is complete. */
    synchronized void verify(int mostRepeated) {
        assertThat(problems).as(toString()).isEmpty();
        assertThat(repeated()).as(toString()).isLessThanOrEqualTo(mostRepeated);
    }

    @Override
    public synchronized String toString() {
        return mode + ": written " + attempted.size() + ", confirmed " + confirmed.size() + ", delivered "
                + delivered.size() + ", again " + repeated() + ", complete " + isComplete();
    }
}
