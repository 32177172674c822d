package io.pythia.kafka;

import io.pythia.Headers;
import io.pythia.spi.MessageContent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A record as the engine sees it: a view of it that converts what is asked for, and the receipt by which it is settled. One object for
 * both, since there is one for each message.
 */
class KafkaRecord implements MessageContent {
    private static final byte[] NO_BODY = {};

    final ConsumerRecord<byte[], byte[]> record;
    final PartitionProgress progress;
    /** Its number in the progress; set and read under the tracker's lock. */
    long number;

    KafkaRecord(ConsumerRecord<byte[], byte[]> record, PartitionProgress progress) {
        this.record = record;
        this.progress = progress;
    }

    long offset() {
        return record.offset();
    }

    @Override
    public String id() {
        Header id = record.headers().lastHeader(KafkaMessages.ID_HEADER);
        return id == null || id.value() == null
                ? record.topic() + "-" + record.partition() + "@" + record.offset()
                : new String(id.value(), StandardCharsets.UTF_8);
    }

    @Override
    public boolean hasExplicitId() {
        return record.headers().lastHeader(KafkaMessages.ID_HEADER) != null;
    }

    /** A record without a value (a tombstone) has an empty body; {@code unwrap} tells the difference. */
    @Override
    public byte[] body() {
        byte[] value = record.value();
        return value == null ? NO_BODY : value;
    }

    @Override
    public @Nullable String key() {
        byte[] key = record.key();
        return key == null ? null : new String(key, StandardCharsets.UTF_8);
    }

    @Override
    public Headers headers() {
        return KafkaMessages.headers(record);
    }

    @Override
    public Instant timestamp() {
        return Instant.ofEpochMilli(record.timestamp());
    }

    @Override
    public String source() {
        return record.topic();
    }

    @Override
    public Object partition() {
        return progress.partition;
    }

    @Override
    public <T> @Nullable T unwrap(Class<T> nativeType) {
        return nativeType.isInstance(record) ? nativeType.cast(record) : null;
    }

    @Override
    public int size() {
        return Math.max(0, record.serializedValueSize()) + Math.max(0, record.serializedKeySize());
    }

    /** A record whose key or value went through the application's own functions. */
    static final class Decoded extends KafkaRecord {
        private final @Nullable String key;
        private final byte[] body;

        Decoded(ConsumerRecord<byte[], byte[]> record, PartitionProgress progress, @Nullable String key, byte[] body) {
            super(record, progress);
            this.key = key;
            this.body = body;
        }

        @Override
        public @Nullable String key() {
            return key;
        }

        @Override
        public byte[] body() {
            return body;
        }
    }
}
