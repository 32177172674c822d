package io.pythia.kafka;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.internal.DeadLetterHeaders;
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

    /** The time of a dead letter before it became one, in ISO-8601; it stays if it becomes one again. */
    static final String ORIGINAL_TIME_HEADER = "pythia-dead-letter-original-time";

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
     * Returns the record for a message. It has the message's time, but for a dead letter: that is as old as it is put aside, or the
     * retention of the topic could delete it before anybody has looked.
     *
     * @param key the key that decides on the partition, null for none
     */
    static ProducerRecord<byte[], byte[]> record(
            String topic, Message message, byte @Nullable [] key, Function<Message, byte[]> value) {
        Headers headers = message.headers();
        boolean deadLetter = headers.contains(DeadLetterHeaders.TIME);
        long time = message.timestamp().toEpochMilli();
        // A record without a time has a negative one, which the client takes from nobody.
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, null, deadLetter || time < 0 ? null : time, key, value.apply(message));
        for (Headers.Header each : headers) {
            record.headers().add(new RecordHeader(each.name(), each.value()));
        }
        if (deadLetter && time >= 0 && !headers.contains(ORIGINAL_TIME_HEADER)) {
            record.headers()
                    .add(header(ORIGINAL_TIME_HEADER, message.timestamp().toString()));
        }
        if (message.hasExplicitId()) {
            record.headers().add(header(ID_HEADER, message.id()));
        }
        return record;
    }

    private static RecordHeader header(String name, String value) {
        return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
