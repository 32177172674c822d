package io.pythia.internal;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pythia.Codec;
import java.io.IOException;

/** JSON by Jackson 2: strict about the text, lenient about unknown fields, and never with types that the text names. */
final class JacksonCodec<T> implements Codec<T> {
    /** Made when the first codec is: looking for modules reads the class path. */
    private static final class Mapper {
        static final JsonMapper INSTANCE = JsonMapper.builder()
                .findAndAddModules()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .build();
    }

    private final Class<T> type;
    private final ObjectReader reader;
    private final ObjectWriter writer;

    JacksonCodec(Class<T> type) {
        this.type = type;
        this.reader = Mapper.INSTANCE.readerFor(type);
        this.writer = Mapper.INSTANCE.writerFor(type);
    }

    @Override
    public T decode(byte[] body) throws IOException {
        T value;
        try {
            value = reader.readValue(body);
        } catch (JsonProcessingException e) {
            // Without its text and without it as the cause: both quote the body, and this one is logged.
            throw new IOException(
                    "not the JSON of a " + type.getName() + ": " + e.getClass().getSimpleName() + where(e));
        }
        if (value == null) {
            throw new IOException("the JSON null is no " + type.getName());
        }
        return value;
    }

    private static String where(JsonProcessingException e) {
        JsonLocation location = e.getLocation();
        return location == null ? "" : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    @Override
    public byte[] encode(T value) throws IOException {
        return writer.writeValueAsBytes(value);
    }
}
