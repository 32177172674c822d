package io.pythia.kafka;

import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether the client's buffer has room for a message, so that it need not be asked to block for it. A message takes a whole batch of
 * it at worst; the client's figure is read again when those that fit by the last reading are used up. Confined to who calls the client.
 */
final class BufferRoom {
    /** At least what the format adds to a record and its batch. */
    private static final int OVERHEAD = 512;

    private static final int HEADER_OVERHEAD = 10;
    private static final int BYTES_PER_CHAR = 3;

    private final @Nullable Metric available;
    private final long total;
    private final long batchSize;
    private long left;
    /** What a record needed for which there was no room. */
    private volatile long refused;

    /** Creates one for a client that was made with these properties. */
    BufferRoom(Map<MetricName, ? extends Metric> metrics, Map<String, Object> properties) {
        this.available = metrics.entrySet().stream()
                .filter(each -> each.getKey().name().equals("buffer-available-bytes"))
                .map(Map.Entry::getValue)
                .findAny()
                .orElse(null);
        this.total = Long.parseLong(String.valueOf(properties.get("buffer.memory")));
        this.batchSize = Long.parseLong(String.valueOf(properties.get("batch.size")));
    }

    /** Returns whether the client has room for the record, which is then taken to be used up. */
    boolean take(ProducerRecord<byte[], byte[]> record) {
        long needed = Math.min(total, Math.max(batchSize, bytes(record)));
        if (left < needed) {
            left = available();
        }
        boolean enough = left >= needed;
        if (enough) {
            left -= needed;
        } else {
            refused = needed;
        }
        return enough;
    }

    /** Returns whether there is room for the record that was refused last. Any thread. */
    boolean isThere() {
        return available() >= refused;
    }

    /** A client without that figure has to be asked: it does not block for its answer, either. */
    private long available() {
        return available != null && available.metricValue() instanceof Double bytes
                ? bytes.longValue()
                : Long.MAX_VALUE;
    }

    private static long bytes(ProducerRecord<byte[], byte[]> record) {
        long bytes = OVERHEAD + length(record.key()) + length(record.value());
        for (Header header : record.headers().toArray()) {
            bytes += HEADER_OVERHEAD + (long) BYTES_PER_CHAR * header.key().length() + length(header.value());
        }
        return bytes;
    }

    private static long length(byte @Nullable [] bytes) {
        return bytes == null ? 0 : bytes.length;
    }
}
