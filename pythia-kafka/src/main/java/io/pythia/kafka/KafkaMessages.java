package io.pythia.kafka;

import io.pythia.Headers;
import io.pythia.Message;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/** What a record and a message are to each other. */
final class KafkaMessages {
    /** Carries the id of a message whose sender chose one; not among the message's headers. */
    static final String ID_HEADER = "pythia-id";

    private static final byte[] EMPTY = {};

    private KafkaMessages() {}

    /** Returns a record's headers; a header without a value has an empty one. */
    static Headers headers(ConsumerRecord<byte[], byte[]> record) {
        Headers.Builder headers = Headers.builder();
        for (Header each : record.headers()) {
            if (!each.key().equals(ID_HEADER) && !each.key().isEmpty()) {
                headers.add(each.key(), each.value() == null ? EMPTY : each.value());
            }
        }
        return headers.build();
    }

    /**
     * Returns the record for a message.
     *
     * @param key the key that decides on the partition, null for none
     */
    static ProducerRecord<byte[], byte[]> record(
            String topic, Message message, byte @Nullable [] key, Function<Message, byte[]> value) {
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, null, message.timestamp().toEpochMilli(), key, value.apply(message));
        Headers headers = message.headers();
        if (!headers.isEmpty()) {
            for (Headers.Header each : headers) {
                record.headers().add(new RecordHeader(each.name(), each.value()));
            }
        }
        if (message.hasExplicitId()) {
            record.headers().add(new RecordHeader(ID_HEADER, message.id().getBytes(StandardCharsets.UTF_8)));
        }
        return record;
    }
}
