package io.pythia.memory;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A message with a consumer: what it holds, and the receipt by which it is settled. Guarded by its topic. */
final class MemoryDelivery implements MessageContent {
    final StoredMessage stored;
    final MemoryReceiver session;
    final int attempt;
    private final String topic;
    long leaseEndsAt;

    MemoryDelivery(String topic, StoredMessage stored, MemoryReceiver session, int attempt, long leaseEndsAt) {
        this.topic = topic;
        this.stored = stored;
        this.session = session;
        this.attempt = attempt;
        this.leaseEndsAt = leaseEndsAt;
    }

    @Override
    public String id() {
        return stored.message().hasExplicitId() ? stored.message().id() : topic + "@" + stored.offset();
    }

    @Override
    public boolean hasExplicitId() {
        return stored.message().hasExplicitId();
    }

    @Override
    public byte[] body() {
        return stored.message().body();
    }

    @Override
    public @Nullable String key() {
        return stored.message().key();
    }

    @Override
    public Headers headers() {
        return stored.message().headers();
    }

    @Override
    public Instant timestamp() {
        return stored.message().timestamp();
    }

    @Override
    public String source() {
        return topic;
    }

    /** Gives the message as it was sent. */
    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(stored.message()) ? nativeType.cast(stored.message()) : null;
    }
}
