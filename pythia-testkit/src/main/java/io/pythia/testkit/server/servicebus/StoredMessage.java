package io.pythia.testkit.server.servicebus;

import java.util.Date;
import java.util.HashMap;
import java.util.Map;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnsignedInteger;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Header;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.message.Message;
import org.jspecify.annotations.Nullable;

/** A message that a queue has. */
@SuppressWarnings("JavaUtilDate") // what AMQP's timestamps are in proton-j
final class StoredMessage {
    private static final Symbol SCHEDULED = Symbol.getSymbol("x-opt-scheduled-enqueue-time");
    private static final Symbol STATE = Symbol.getSymbol("x-opt-message-state");

    /** Where it is in its queue; the numbers are those of the protocol. */
    enum State {
        ACTIVE(0),
        DEFERRED(1),
        SCHEDULED(2);

        final int code;

        State(int code) {
            this.code = code;
        }

        static State of(int code) {
            return code == DEFERRED.code ? DEFERRED : code == SCHEDULED.code ? SCHEDULED : ACTIVE;
        }
    }

    final long sequence;
    final Message amqp;
    int deliveries;
    private final Date enqueued;
    private final long expiresAt;

    StoredMessage(long sequence, Message amqp, long enqueuedAt, int deliveries, boolean expires) {
        this.sequence = sequence;
        this.amqp = amqp;
        this.deliveries = deliveries;
        this.enqueued = new Date(enqueuedAt);
        this.expiresAt = expires && amqp.getTtl() > 0 ? enqueuedAt + amqp.getTtl() : Long.MAX_VALUE;
    }

    @Nullable
    String session() {
        return amqp.getGroupId();
    }

    /** Returns the id, by which duplicates are known, or null. */
    @Nullable
    Object id() {
        return amqp.getMessageId();
    }

    long enqueuedAt() {
        return enqueued.getTime();
    }

    boolean isExpired(long now) {
        return expiresAt <= now;
    }

    /** Returns when it may be seen, 0 for at once. */
    static long scheduledFor(Message message) {
        MessageAnnotations annotations = message.getMessageAnnotations();
        Object time = annotations == null ? null : annotations.getValue().get(SCHEDULED);
        return time instanceof Date date ? date.getTime() : 0;
    }

    /** Sets application properties beside those that are there. */
    void modify(Map<?, ?> changes) {
        Map<String, Object> all = new HashMap<>();
        ApplicationProperties old = amqp.getApplicationProperties();
        if (old != null && old.getValue() != null) {
            all.putAll(old.getValue());
        }
        changes.forEach((key, value) -> all.put(String.valueOf(key), value));
        amqp.setApplicationProperties(new ApplicationProperties(all));
    }

    /**
     * Returns it as it goes out.
     *
     * @param lockedUntil when its lock ends, null if it is not locked
     */
    Message outgoing(@Nullable Date lockedUntil, State state) {
        if (amqp.getHeader() == null) {
            amqp.setHeader(new Header());
        }
        amqp.getHeader().setDeliveryCount(UnsignedInteger.valueOf(deliveries));
        Map<Symbol, Object> annotations = new HashMap<>();
        if (amqp.getMessageAnnotations() != null) {
            annotations.putAll(amqp.getMessageAnnotations().getValue());
        }
        annotations.put(Symbol.getSymbol("x-opt-sequence-number"), sequence);
        annotations.put(Symbol.getSymbol("x-opt-enqueue-sequence-number"), sequence);
        annotations.put(Symbol.getSymbol("x-opt-enqueued-time"), enqueued);
        annotations.put(STATE, state.code);
        if (lockedUntil != null) {
            annotations.put(Symbol.getSymbol("x-opt-locked-until"), lockedUntil);
        }
        amqp.setMessageAnnotations(new MessageAnnotations(annotations));
        return amqp;
    }
}
