package io.pythia.redis;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** An element of a list as the engine sees it, and the receipt by which it is settled: its bytes, which are all that Redis knows of it. */
final class ListElement implements MessageContent {
    private final Batch batch;
    private final byte[] body;
    /** Its place in the order in which this session took from its queue. */
    final long number;

    /**
     * What elements have in common that were taken together.
     *
     * @param queueIndex the place of their queue among the consumer's
     * @param session a name for the session that took them
     */
    record Batch(int queueIndex, String queue, String session, Instant receivedAt) {}

    ListElement(Batch batch, byte[] body, long number) {
        this.batch = batch;
        this.body = body;
        this.number = number;
    }

    /** The place of its queue among the consumer's. */
    int queueIndex() {
        return batch.queueIndex;
    }

    /** A name for this delivery: an element of a list has none that would outlive it. */
    @Override
    public String id() {
        return batch.queue + "@" + batch.session + "-" + number;
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
        return batch.receivedAt;
    }

    @Override
    public String source() {
        return batch.queue;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return null;
    }
}
