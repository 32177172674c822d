package io.pythia.redis;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An element of a list as the engine sees it, and the receipt by which it is settled: its bytes, which are all that Redis knows of it. */
final class ListElement implements MessageContent {
    /** The place of its queue among the consumer's. */
    final int queueIndex;

    private final String queue;
    private final byte[] body;
    private final String session;
    /** Its place in the order in which this session took from its queue. */
    final long number;

    private final Instant receivedAt;

    ListElement(int queueIndex, String queue, byte[] body, String session, long number, Instant receivedAt) {
        this.queueIndex = queueIndex;
        this.queue = queue;
        this.body = body;
        this.session = session;
        this.number = number;
        this.receivedAt = receivedAt;
    }

    /** A name for this delivery: an element of a list has none that would outlive it. */
    @Override
    public String id() {
        return queue + "@" + session + "-" + number;
    }

    @Override
    public boolean hasExplicitId() {
        return false;
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public @Nullable String key() {
        return null;
    }

    @Override
    public Headers headers() {
        return Headers.empty();
    }

    @Override
    public Instant timestamp() {
        return receivedAt;
    }

    @Override
    public String source() {
        return queue;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return null;
    }
}
