package io.pythia.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.Headers;
import io.pythia.Message;
import io.pythia.internal.DeadLetterHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KafkaMessagesTest {
    private static final Instant LONG_AGO = Instant.parse("2001-02-03T04:05:06Z");

    private final Message old =
            Message.builder().timestamp(LONG_AGO).header("a", "b").body("tea").build();

    private static ProducerRecord<byte[], byte[]> record(Message message) {
        return KafkaMessages.record("orders", message, null, Message::body);
    }

    private static Message deadLetter(Message message) {
        Headers headers = DeadLetterHeaders.add(message.headers(), "id", "orders", 1, "no");
        return message.toBuilder().headers(headers).build();
    }

    private static @Nullable String originalTime(ProducerRecord<byte[], byte[]> record) {
        Header header = record.headers().lastHeader("pythia-dead-letter-original-time");
        return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    @Test
    void record_hasTheTimeOfTheMessage() {
        assertThat(record(old).timestamp()).isEqualTo(LONG_AGO.toEpochMilli());
        assertThat(originalTime(record(old))).isNull();
    }

    @Test
    void deadLetter_isAsOldAsItIsPutAside_andSaysHowOldTheMessageIs() {
        ProducerRecord<byte[], byte[]> letter = record(deadLetter(old));
        assertThat(letter.timestamp()).isNull();
        assertThat(originalTime(letter)).isEqualTo("2001-02-03T04:05:06Z");
        assertThat(letter.headers().lastHeader("a")).isNotNull();
    }

    @Test
    void deadLetterOfADeadLetter_keepsTheFirstTime() {
        Message again = deadLetter(old).toBuilder()
                .header("pythia-dead-letter-original-time", "1999-01-01T00:00:00Z")
                .build();
        assertThat(record(again).headers().headers("pythia-dead-letter-original-time"))
                .hasSize(1);
        assertThat(originalTime(record(again))).isEqualTo("1999-01-01T00:00:00Z");
    }

    /** As it comes from a record without a time. */
    @Test
    void negativeTime_isNone() {
        Message without = old.toBuilder().timestamp(Instant.ofEpochMilli(-1)).build();
        assertThat(record(without).timestamp()).isNull();
        assertThat(record(deadLetter(without)).timestamp()).isNull();
        assertThat(originalTime(record(deadLetter(without)))).isNull();
    }
}
