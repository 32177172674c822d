package io.pythia.cdc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a change as JSON, and reads and writes what is stored. */
final class ChangeJson {
    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private ChangeJson() {}

    static byte[] write(ChangeEvent event) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = MAPPER.getFactory().createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField("schema", event.schema());
            json.writeStringField("table", event.table());
            json.writeStringField("operation", event.operation().name().toLowerCase(Locale.ROOT));
            writeRow(json, "key", event.key());
            writeRow(json, "before", event.before());
            writeRow(json, "after", event.after());
            writeLists(json, event);
            json.writeStringField("commitTime", event.commitTime().toString());
            json.writeStringField("position", event.position());
            json.writeStringField("transaction", event.transaction());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // there is no I/O
        }
        return bytes.toByteArray();
    }

    private static void writeLists(JsonGenerator json, ChangeEvent event) throws IOException {
        if (!event.unchanged().isEmpty()) {
            json.writeArrayFieldStart("unchanged");
            for (String column : event.unchanged()) {
                json.writeString(column);
            }
            json.writeEndArray();
        }
        if (!event.types().isEmpty()) {
            json.writeObjectFieldStart("types");
            for (Map.Entry<String, String> type : event.types().entrySet()) {
                json.writeStringField(type.getKey(), type.getValue());
            }
            json.writeEndObject();
        }
    }

    private static void writeRow(JsonGenerator json, String name, @Nullable Map<String, @Nullable Object> row)
            throws IOException {
        if (row == null) {
            json.writeNullField(name);
            return;
        }
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, @Nullable Object> column : row.entrySet()) {
            json.writeFieldName(column.getKey());
            writeValue(json, column.getValue());
        }
        json.writeEndObject();
    }

    static void writeValue(JsonGenerator json, @Nullable Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof Long number) {
            json.writeNumber(number);
        } else if (value instanceof BigDecimal number) {
            json.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            json.writeNumber(number);
        } else if (value instanceof Double number) {
            json.writeNumber(number);
        } else if (value instanceof Boolean truth) {
            json.writeBoolean(truth);
        } else {
            json.writeString(value.toString());
        }
    }
}
