package io.pythia.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** Times as services write them: ISO-8601 with an offset, seconds since 1970, or milliseconds. */
final class Since {
    /** As seconds it would be the year 5138. */
    private static final long LEAST_MILLIS = 100_000_000_000L;

    private Since() {}

    /** Returns the time that a text means, null if it means none. */
    static @Nullable Instant instant(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            if (isNumber(text)) {
                long number = Long.parseLong(text);
                return number >= LEAST_MILLIS ? Instant.ofEpochMilli(number) : Instant.ofEpochSecond(number);
            }
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException | NumberFormatException e) {
            return null;
        }
    }

    /** Returns a text of the same form for a time that is earlier by so much; the same text if nothing is subtracted. */
    static String minus(String text, Duration overlap) {
        Instant instant = instant(text);
        if (instant == null || overlap.isZero()) {
            return text;
        }
        Instant earlier = instant.minus(overlap);
        if (!isNumber(text)) {
            return earlier.toString();
        }
        return Long.toString(Long.parseLong(text) >= LEAST_MILLIS ? earlier.toEpochMilli() : earlier.getEpochSecond());
    }

    private static boolean isNumber(String text) {
        return text.length() <= 15 && text.matches("[0-9]+");
    }
}
