package io.pythia.memory;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One delivery of one message: its content, and the receipt by which it is settled. One object for both, since there is one for each
 * message. A redelivery is another object, which is what makes old receipts stale.
 */
final class MemoryDelivery implements MessageContent {
    final StoredMessage message;
    final MemoryGroup group;
    final int attempt;
    private byte[] body;

    // Guarded by the broker's lock:
    /** The session that has it, null if it was settled or taken back. */
    @Nullable
    Leases owner;

    @Nullable
    MemoryDelivery previous;

    @Nullable
    MemoryDelivery next;
    /** When the lease ends, or, in the group's queue, when it is to be delivered again. */
    long due;

    MemoryDelivery(StoredMessage message, MemoryGroup group, int attempt) {
        this.message = message;
        this.group = group;
        this.attempt = attempt;
        this.body = message.body;
    }

    /** Returns what to put back for one that nobody has seen: the next delivery is the same attempt. */
    MemoryDelivery uncounted() {
        return new MemoryDelivery(message, group, attempt - 1);
    }

    /** Gives the application a body of its own: another group, or a redelivery, never sees what it does to it. */
    void copyBody() {
        body = message.body.clone();
    }

    @Override
    public String id() {
        return message.id(group.topic.name);
    }

    @Override
    public boolean hasExplicitId() {
        return message.explicitId != null;
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public @Nullable String key() {
        return message.key;
    }

    @Override
    public Headers headers() {
        return message.headers;
    }

    @Override
    public Instant timestamp() {
        return Instant.ofEpochMilli(message.timestampMillis);
    }

    @Override
    public String source() {
        return group.topic.name;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType == MemoryRecord.class
                ? nativeType.cast(new MemoryRecord(group.topic.name, message.offset))
                : null;
    }
}
