package io.pythia.internal;

import java.nio.charset.StandardCharsets;

/** Text to UTF-8 without loss: {@link String#getBytes} would turn half a surrogate pair into a question mark in silence. */
public final class Utf8 {
    private Utf8() {}

    /** Returns the bytes of a text; {@code what} names it in the {@link IllegalArgumentException} for text that is not Unicode. */
    public static byte[] encode(String what, String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (!Character.isHighSurrogate(c) || i + 1 == length || !Character.isLowSurrogate(text.charAt(i + 1))) {
                throw new IllegalArgumentException(what + " is not valid Unicode text: half a surrogate pair at index "
                        + i + "; send it as bytes");
            }
            i++;
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
