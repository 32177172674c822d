package io.pythia.http;

import io.pythia.Headers;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An answer with a 2xx status, decompressed.
 *
 * @param status the status
 * @param headers the headers, their names in lower case
 * @param body the body; the array is the answer's own: don't change it
 */
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
public record PollResponse(int status, Headers headers, byte[] body) {
    private static final Pattern CHARSET = Pattern.compile(";\\s*charset\\s*=\\s*\"?([A-Za-z0-9._:+-]{1,40})");

    /** Checks that nothing is null. */
    public PollResponse {
        Objects.requireNonNull(headers, "headers");
        Objects.requireNonNull(body, "body");
    }

    /**
     * Returns the charset that the answer names, UTF-8 if it names none.
     *
     * @throws IllegalArgumentException if this JDK does not know it
     */
    public Charset charset() {
        String type = headers.get("content-type");
        Matcher matcher = CHARSET.matcher(type == null ? "" : type.toLowerCase(Locale.ROOT));
        if (!matcher.find()) {
            return StandardCharsets.UTF_8;
        }
        try {
            return Charset.forName(matcher.group(1));
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new IllegalArgumentException("the answer has a charset that is not known: " + matcher.group(1), e);
        }
    }

    /** Returns the body in UTF-8, without a byte order mark; the same array if it is that already. */
    byte[] utf8() {
        byte[] utf8 = charset().equals(StandardCharsets.UTF_8)
                ? body
                : new String(body, charset()).getBytes(StandardCharsets.UTF_8);
        boolean marked = utf8.length >= 3 && utf8[0] == (byte) 0xEF && utf8[1] == (byte) 0xBB && utf8[2] == (byte) 0xBF;
        return marked ? java.util.Arrays.copyOfRange(utf8, 3, utf8.length) : utf8;
    }

    @Nullable
    String header(String name) {
        return headers.get(name);
    }

    @Override
    public String toString() {
        return "PollResponse[status=" + status + ", bytes=" + body.length + "]";
    }
}
