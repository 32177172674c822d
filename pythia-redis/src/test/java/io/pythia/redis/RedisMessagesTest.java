package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.StreamMessage;
import io.pythia.Headers;
import io.pythia.Message;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RedisMessagesTest {
    private static final List<String> NAMES = List.of(
            "a",
            "a",
            "body",
            "pythia-key",
            "pythia-id",
            "pythia-header:",
            "pythia-header:body",
            "pythia-header:pythia-header:x",
            " ",
            "\u0000",
            "日本");

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    /** Any message comes out as it went in, whatever its headers are called. */
    @ParameterizedTest
    @MethodSource("seeds")
    void anyMessage_comesOutAsItWentIn(int seed) {
        Random random = new Random(seed);
        byte[] body = new byte[random.nextInt(4)];
        random.nextBytes(body);
        Message.Builder builder = Message.builder().body(body);
        if (random.nextBoolean()) {
            builder.key(random.nextBoolean() ? "" : "key");
        }
        if (random.nextBoolean()) {
            builder.id("id-" + seed);
        }
        for (int i = random.nextInt(8); i > 0; i--) {
            builder.header(NAMES.get(random.nextInt(NAMES.size())), random.nextBoolean() ? "" : "value " + i);
        }
        Message message = builder.build();
        StreamEntry entry = entry(RedisMessages.fields(message, RedisConnections.bytes("body")));
        assertThat(entry.body()).isEqualTo(message.body());
        assertThat(entry.key()).isEqualTo(message.key());
        assertThat(entry.headers()).isEqualTo(message.headers());
        assertThat(entry.hasExplicitId()).isEqualTo(message.hasExplicitId());
        if (message.hasExplicitId()) {
            assertThat(entry.id()).isEqualTo(message.id());
        }
    }

    /** Random bytes as fields never throw: what another program writes holds no stream up. */
    @Test
    void anyBytes_areDecoded() {
        Random random = new Random(27);
        for (int round = 0; round < 100_000; round++) {
            Object[] fields = new Object[2 * (1 + random.nextInt(4))];
            for (int i = 0; i < fields.length; i++) {
                byte[] bytes = new byte[random.nextInt(20)];
                random.nextBytes(bytes);
                fields[i] = random.nextInt(4) == 0
                        ? RedisConnections.bytes(NAMES.get(random.nextInt(NAMES.size())))
                        : bytes;
            }
            StreamEntry entry = entry(fields);
            assertThat(entry.id()).isNotEmpty();
            Headers headers = entry.headers();
            assertThat(headers.size()).isLessThanOrEqualTo(fields.length / 2);
            assertThat(entry.body()).isNotNull();
            assertThat(entry.size()).isGreaterThanOrEqualTo(0);
        }
    }

    static Stream<List<String>> ids() {
        return Stream.of(
                List.of("0-1", "0-2"),
                List.of("9-1", "10-0"),
                List.of("5", "5-1"),
                List.of("1700000000000-18446744073709551614", "1700000000000-18446744073709551615"),
                List.of("1-0", "18446744073709551615-0"));
    }

    @ParameterizedTest
    @MethodSource("ids")
    void ids_areComparedAsUnsignedNumbers(List<String> ascending) {
        assertThat(StreamPosition.compare(ascending.get(0), ascending.get(1))).isNegative();
        assertThat(StreamPosition.compare(ascending.get(1), ascending.get(0))).isPositive();
        assertThat(StreamPosition.compare(ascending.get(1), ascending.get(1))).isZero();
    }

    private static StreamEntry entry(Object[] namesAndValues) {
        Map<byte[], byte[]> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put((byte[]) namesAndValues[i], (byte[]) namesAndValues[i + 1]);
        }
        return new StreamEntry(
                new StreamMessage<>(RedisConnections.bytes("s"), "1-1", fields),
                "s",
                RedisConnections.bytes("body"),
                1,
                0);
    }
}
