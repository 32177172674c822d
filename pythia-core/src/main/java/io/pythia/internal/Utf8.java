package io.pythia.internal;

import java.nio.charset.StandardCharsets;

/** Text to UTF-8 without loss: {@link String#getBytes} would turn half a surrogate pair into a question mark in silence. */
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
}
