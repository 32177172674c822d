package io.pythia.cloud.aws;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A typed message attribute, as SQS and SNS know it; SNS's subscriptions filter by them. Immutable.
 *
 * @param dataType {@code String}, {@code Number}, {@code Binary} or, in SNS, {@code String.Array}; SQS takes a suffix of one's own
 *     behind a dot, as in {@code Number.int}
 * @param stringValue the value, null if it is binary
 * @param binaryValue the value if it is binary, else null; the array is the attribute's own: don't change it
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare the bytes
public record MessageAttribute(String dataType, @Nullable String stringValue, byte @Nullable [] binaryValue) {

    private static final String STRING = "String";
    private static final String BINARY = "Binary";

    /** Checks that there is one value, and that it is not empty. */
    public MessageAttribute {
        Objects.requireNonNull(dataType, "dataType");
        boolean isBinary = dataType.equals(BINARY) || dataType.startsWith(BINARY + ".");
        if (!isBinary && !dataType.matches("(String|Number)([.][A-Za-z0-9_.-]{1,200})?")) {
            throw new IllegalArgumentException(
                    "dataType must be String, Number, Binary or String.Array, perhaps with a suffix");
        }
        if (isBinary ? binaryValue == null || stringValue != null : stringValue == null || binaryValue != null) {
            throw new IllegalArgumentException("an attribute of the type " + dataType + " has the other value");
        }
        if (stringValue != null && stringValue.isEmpty() || binaryValue != null && binaryValue.length == 0) {
            throw new IllegalArgumentException("an attribute's value must not be empty");
        }
    }

    /** Returns a text. */
    public static MessageAttribute string(String value) {
        return new MessageAttribute(STRING, value, null);
    }

    /** Returns a number, written in decimal. */
    public static MessageAttribute number(String value) {
        return new MessageAttribute("Number", new java.math.BigDecimal(value).toString(), null);
    }

    /** Returns an array for SNS, written in JSON: {@code ["a", 1, true]}. */
    public static MessageAttribute stringArray(String json) {
        return new MessageAttribute("String.Array", json, null);
    }

    /** Returns a copy of some bytes. */
    public static MessageAttribute binary(byte[] value) {
        return new MessageAttribute(BINARY, null, value.clone());
    }

    /** Returns an attribute from {@code type:value}; without a type that is known it is a text as a whole. */
    static MessageAttribute parse(String text) {
        for (String type : new String[] {STRING, "Number", "String.Array"}) {
            if (text.startsWith(type + ":")) {
                return new MessageAttribute(type, text.substring(type.length() + 1), null);
            }
        }
        return string(text);
    }

    /** Returns the value as bytes; text in UTF-8. */
    byte[] bytes() {
        return binaryValue != null
                ? binaryValue
                : Objects.requireNonNull(stringValue).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MessageAttribute that
                && dataType.equals(that.dataType)
                && Objects.equals(stringValue, that.stringValue)
                && Arrays.equals(binaryValue, that.binaryValue);
    }

    @Override
    public int hashCode() {
        return Objects.hash(dataType, stringValue, Arrays.hashCode(binaryValue));
    }

    /** Returns the type only: the value may be secret. */
    @Override
    public String toString() {
        return "MessageAttribute[" + dataType + "]";
    }
}
