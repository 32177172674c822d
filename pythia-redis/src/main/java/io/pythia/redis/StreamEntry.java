package io.pythia.redis;

import io.lettuce.core.StreamMessage;
import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a stream as the engine sees it: a view of it that converts what is asked for, and the receipt by which it is settled. One
 * object for both, since there is one for each message.
 */
final class StreamEntry implements MessageContent {
    private final StreamMessage<byte[], byte[]> entry;
    private final String stream;
    private final byte[] bodyField;
    private final byte[] body;
    private final int size;
    /** The server's count of deliveries when it was read: with the id it names this delivery, and no later one. */
    final int deliveries;
    /** Which group of that name it was read from: one that is made again counts anew. */
    final int generation;

    StreamEntry(StreamMessage<byte[], byte[]> entry, String stream, byte[] bodyField, int deliveries, int generation) {
        this.entry = entry;
        this.stream = stream;
        this.bodyField = bodyField;
        this.deliveries = deliveries;
        this.generation = generation;
        byte[] named = null;
        int bytes = 0;
        for (Map.Entry<byte[], byte[]> field : entry.getBody().entrySet()) {
            bytes += field.getKey().length + field.getValue().length;
            if (named == null && Arrays.equals(field.getKey(), bodyField)) {
                named = field.getValue();
            }
        }
        this.body = named != null ? named : RedisMessages.bodyWithoutName(entry.getBody());
        this.size = bytes;
    }

    String entryId() {
        return entry.getId();
    }

    private Map<byte[], byte[]> fields() {
        return entry.getBody();
    }

    @Override
    public String id() {
        String id = RedisMessages.id(fields());
        return id == null ? stream + "@" + entry.getId() : id;
    }

    @Override
    public boolean hasExplicitId() {
        return RedisMessages.id(fields()) != null;
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public @Nullable String key() {
        return RedisMessages.key(fields());
    }

    @Override
    public Headers headers() {
        return RedisMessages.headers(fields(), bodyField);
    }

    /** The time that the entry's id holds: when the server took it, by the server's clock. */
    @Override
    public Instant timestamp() {
        String id = entry.getId();
        return Instant.ofEpochMilli(Long.parseUnsignedLong(id, 0, id.indexOf('-'), 10));
    }

    @Override
    public String source() {
        return stream;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(entry) ? nativeType.cast(entry) : null;
    }

    @Override
    public int size() {
        return size;
    }
}
