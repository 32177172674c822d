package io.pythia.internal;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Text to UTF-8 and back without loss: {@link String#getBytes} would turn half a surrogate pair into a question mark in silence, and a new
 * String what is no UTF-8 into U+FFFD.
 */
public final class Utf8 {
    private Utf8() {}

    /** Returns the bytes of a text; {@code what} names it in the {@link IllegalArgumentException} for text that is not Unicode. */
    public static byte[] encode(String what, String text) {
        int length = text.length();
        int at = 0;
        while (at < length) {
            int codePoint = text.codePointAt(at);
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                throw new IllegalArgumentException(what + " is not valid Unicode text: half a surrogate pair at index "
                        + at + "; send it as bytes");
            }
            at += Character.charCount(codePoint);
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the text that the bytes are, null if they are not UTF-8. */
    public static @Nullable String decode(byte[] bytes) {
        // A CharsetDecoder would say so itself, for four times the memory.
        String text = new String(bytes, StandardCharsets.UTF_8);
        boolean replaced = text.indexOf('\uFFFD') >= 0 && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
        return replaced ? null : text;
    }
}
