package io.pythia;

import io.pythia.internal.JsonCodecs;
import io.pythia.internal.Utf8;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Turns values into bodies and back. Implementations are thread-safe.
 *
 * @param <T> the values
 */
public interface Codec<T> {

    /**
     * Returns the value of a body.
     *
     * @throws Exception if the body is none of this codec's: a {@link Worker} then rejects the message with its raw bytes
     */
    T decode(byte[] body) throws Exception;

    /**
     * Returns the body of a value.
     *
     * @throws Exception if the value can't be written
     */
    byte[] encode(T value) throws Exception;

    /** Returns bodies as they are; not copies. */
    static Codec<byte[]> bytes() {
        return new Codec<>() {
            @Override
            public byte[] decode(byte[] body) {
                return body;
            }

            @Override
            public byte[] encode(byte[] value) {
                return value;
            }
        };
    }

    /** Returns UTF-8 text. Strict in both directions: bytes that are not UTF-8, and half a surrogate pair, are refused. */
    static Codec<String> text() {
        return new Codec<>() {
            @Override
            public String decode(byte[] body) throws CharacterCodingException {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(body))
                        .toString();
            }

            @Override
            public byte[] encode(String value) {
                return Utf8.encode("a text", value);
            }
        };
    }

    /**
     * Returns JSON, read into a class or record and written from it by Jackson 2, with the Jackson modules that are on the class path
     * (for {@code java.time}: {@code jackson-datatype-jsr310}). Fields that the class does not have are ignored, so that a sender can add
     * some; text after the value and a field that is there twice are refused. No type is ever chosen by what a message says.
     *
     * @throws IllegalStateException if {@code com.fasterxml.jackson.core:jackson-databind} is not on the class path
     */
    static <T> Codec<T> json(Class<T> type) {
        return JsonCodecs.of(type);
    }
}
