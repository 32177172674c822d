package io.pythia.kafka;

import java.util.AbstractMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/** Where a record went, as a map that makes its strings when somebody looks: one per send, and most are never looked at. */
final class RecordDetails extends AbstractMap<String, String> {
    private final RecordMetadata metadata;

    RecordDetails(RecordMetadata metadata) {
        this.metadata = metadata;
    }

    @Override
    public Set<Entry<String, String>> entrySet() {
        return Map.of(
                        "partition", Integer.toString(metadata.partition()),
                        "offset", Long.toString(metadata.offset()),
                        "timestamp", Long.toString(metadata.timestamp()))
                .entrySet();
    }

    @Override
    public @Nullable String get(@Nullable Object key) {
        return "partition".equals(key)
                ? Integer.toString(metadata.partition())
                : "offset".equals(key) ? Long.toString(metadata.offset()) : super.get(key);
    }
}
