package io.pythia.pubsubserver;

import com.google.pubsub.v1.PubsubMessage;
import com.google.pubsub.v1.ReceivedMessage;
import com.google.pubsub.v1.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One subscription: what waits, in the order of publishing, and what is with consumers under a lease. Messages of one ordering key go to
 * one stream at a time, in order; when one of them comes back, those after it that are unsettled come back with it. Confined to the
 * broker's lock.
 */
final class SubscriptionState {
    /** A message of this subscription. */
    private static final class Entry {
        final long number;
        final PubsubMessage message;
        int failures;
        long notBefore = System.nanoTime();

        Entry(long number, PubsubMessage message) {
            this.number = number;
            this.message = message;
        }
    }

    /** A message that a consumer has. */
    private static final class Lease {
        final Entry entry;
        final Stream stream;
        long endsAt;

        Lease(Entry entry, Stream stream, long endsAt) {
            this.entry = entry;
            this.stream = stream;
            this.endsAt = endsAt;
        }
    }

    /** Where messages go whose attempts are used up. */
    interface DeadLetters {
        void publish(String topic, PubsubMessage message);
    }

    private final Subscription config;
    private final String boot;
    private final DeadLetters deadLetters;
    private final List<Stream> streams = new ArrayList<>();
    private final TreeMap<Long, Entry> pending = new TreeMap<>();
    private final Map<String, Lease> leases = new LinkedHashMap<>();
    private final Map<String, TreeMap<Long, String>> keys = new HashMap<>();
    private final Map<String, Long> numbers = new HashMap<>();
    private long published;
    private long deliveries;
    private int turn;

    SubscriptionState(Subscription config, String boot, DeadLetters deadLetters) {
        this.config = config;
        this.boot = boot;
        this.deadLetters = deadLetters;
    }

    Subscription config() {
        return config;
    }

    int outstanding() {
        return leases.size();
    }

    int pending() {
        return pending.size();
    }

    void add(PubsubMessage message) {
        Entry entry = new Entry(published++, message);
        pending.put(entry.number, entry);
        numbers.put(message.getMessageId(), entry.number);
    }

    /** Forgets a message that was acknowledged before this process began. */
    void forget(String messageId) {
        Long number = numbers.remove(messageId);
        if (number != null) {
            pending.remove(number);
        }
    }

    void open(Stream stream) {
        streams.add(stream);
    }

    void close(Stream stream) {
        streams.remove(stream);
    }

    List<Stream> streams() {
        return List.copyOf(streams);
    }

    // Delivering.

    void dispatch() {
        do {
            choose();
        } while (flush());
    }

    private boolean flush() {
        boolean any = false;
        for (Stream stream : streams) {
            any |= stream.flush();
        }
        return any;
    }

    private void choose() {
        if (streams.stream().noneMatch(Stream::hasRoom)) {
            return;
        }
        long now = System.nanoTime();
        Set<String> held = new HashSet<>();
        for (Iterator<Entry> i = pending.values().iterator(); i.hasNext(); ) {
            Entry entry = i.next();
            String key = orderedBy(entry);
            if (key != null && held.contains(key)) {
                continue;
            }
            Stream stream = entry.notBefore - now > 0 ? null : streamFor(key);
            if (stream == null) {
                if (key != null) {
                    held.add(key);
                } else if (entry.notBefore - now <= 0) {
                    return; // nobody has room
                }
                continue;
            }
            i.remove();
            deliver(entry, key, stream, now);
        }
    }

    private @Nullable String orderedBy(Entry entry) {
        String key = entry.message.getOrderingKey();
        return config.getEnableMessageOrdering() && !key.isEmpty() ? key : null;
    }

    /** A key stays with the stream that has messages of it. */
    private @Nullable Stream streamFor(@Nullable String key) {
        Map<Long, String> open = key == null ? null : keys.get(key);
        if (open != null && !open.isEmpty()) {
            Lease one = leases.get(open.values().iterator().next());
            return one != null && streams.contains(one.stream) && one.stream.hasRoom() ? one.stream : null;
        }
        for (int i = 0; i < streams.size(); i++) {
            Stream stream = streams.get(Math.floorMod(turn++, streams.size()));
            if (stream.hasRoom()) {
                return stream;
            }
        }
        return null;
    }

    private void deliver(Entry entry, @Nullable String key, Stream stream, long now) {
        String ackId = boot + "-" + deliveries++;
        leases.put(ackId, new Lease(entry, stream, now + stream.deadline.toNanos()));
        if (key != null) {
            keys.computeIfAbsent(key, k -> new TreeMap<>()).put(entry.number, ackId);
        }
        ReceivedMessage.Builder received =
                ReceivedMessage.newBuilder().setAckId(ackId).setMessage(entry.message);
        if (config.hasDeadLetterPolicy()) {
            received.setDeliveryAttempt(entry.failures + 1);
        }
        stream.add(received.build());
    }

    // Settling.

    /** Returns the message's id, null if the lease has ended. */
    @Nullable
    String acknowledge(String ackId) {
        Lease lease = take(ackId);
        if (lease == null) {
            return null;
        }
        numbers.remove(lease.entry.message.getMessageId());
        return lease.entry.message.getMessageId();
    }

    /** Returns whether there is such a lease; 0 seconds end it. */
    boolean modify(String ackId, int seconds) {
        Lease lease = leases.get(ackId);
        if (lease == null) {
            return false;
        }
        if (seconds == 0) {
            comeBack(ackId, lease);
        } else {
            lease.endsAt = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        }
        return true;
    }

    private @Nullable Lease take(String ackId) {
        Lease lease = leases.remove(ackId);
        if (lease != null) {
            lease.stream.release(lease.entry.message.getSerializedSize());
            String key = orderedBy(lease.entry);
            Map<Long, String> open = key == null ? null : keys.get(key);
            if (open != null) {
                open.remove(lease.entry.number);
            }
        }
        return lease;
    }

    private void comeBack(String ackId, Lease lease) {
        String key = orderedBy(lease.entry);
        take(ackId);
        lease.entry.failures++;
        int most = config.getDeadLetterPolicy().getMaxDeliveryAttempts();
        if (config.hasDeadLetterPolicy() && lease.entry.failures >= most) {
            numbers.remove(lease.entry.message.getMessageId());
            deadLetters.publish(config.getDeadLetterPolicy().getDeadLetterTopic(), lease.entry.message);
            return;
        }
        lease.entry.notBefore = System.nanoTime() + pause(lease.entry.failures);
        pending.put(lease.entry.number, lease.entry);
        TreeMap<Long, String> open = key == null ? null : keys.get(key);
        if (open == null) {
            return;
        }
        for (String later : List.copyOf(open.tailMap(lease.entry.number, false).values())) {
            Lease other = take(later);
            if (other != null) {
                pending.put(other.entry.number, other.entry);
            }
        }
    }

    private long pause(int failures) {
        if (!config.hasRetryPolicy()) {
            return 0;
        }
        long least = config.getRetryPolicy().getMinimumBackoff().getSeconds();
        long most = config.getRetryPolicy().getMaximumBackoff().getSeconds();
        return Duration.ofSeconds(Math.min(most, least << Math.min(10, failures - 1)))
                .toNanos();
    }

    void giveBack(String messageId) {
        for (Map.Entry<String, Lease> each : List.copyOf(leases.entrySet())) {
            if (each.getValue().entry.message.getMessageId().equals(messageId)) {
                comeBack(each.getKey(), each.getValue());
            }
        }
    }

    /** Takes back what was kept for too long. */
    void expire(long now) {
        for (Map.Entry<String, Lease> each : List.copyOf(leases.entrySet())) {
            if (each.getValue().endsAt - now <= 0 && leases.containsKey(each.getKey())) {
                comeBack(each.getKey(), each.getValue());
            }
        }
    }
}
