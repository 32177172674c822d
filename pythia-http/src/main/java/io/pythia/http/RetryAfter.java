package io.pythia.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the header {@code Retry-After}: seconds, a date in the three forms of HTTP, and what servers make of it. */
final class RetryAfter {
    private static final int MAX_LENGTH = 100;
    /** More digits than any wait that makes sense; the limit is applied then. */
    private static final int MAX_DIGITS = 12;

    private static final List<DateTimeFormatter> DATES = List.of(
            DateTimeFormatter.RFC_1123_DATE_TIME,
            new DateTimeFormatterBuilder()
                    .parseCaseInsensitive()
                    .appendPattern("EEEE, dd-MMM-")
                    .appendValueReduced(ChronoField.YEAR, 2, 2, 1970)
                    .appendPattern(" HH:mm:ss 'GMT'")
                    .toFormatter(Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC),
            DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC));

    private RetryAfter() {}

    /**
     * Returns how long to wait, at most {@code max}; null if the value says nothing that can be understood. Several numbers, as proxies
     * make them of several headers ({@code 0,120}), mean the largest.
     */
    static @Nullable Duration parse(@Nullable String value, Instant now, Duration max) {
        if (value == null || value.length() > MAX_LENGTH) {
            return null;
        }
        String text = value.strip();
        return !text.isEmpty() && Character.isLetter(text.charAt(0)) ? date(text, now, max) : numbers(text, max);
    }

    private static @Nullable Duration date(String text, Instant now, Duration max) {
        for (DateTimeFormatter format : DATES) {
            Duration until = untilDate(text, format, now);
            if (until != null) {
                return limited(until, max);
            }
        }
        return null;
    }

    private static @Nullable Duration numbers(String text, Duration max) {
        Duration longest = null;
        for (String part : text.split(",", -1)) {
            Duration seconds = seconds(part.strip(), max);
            if (seconds == null) {
                return null;
            }
            longest = longest == null || seconds.compareTo(longest) > 0 ? seconds : longest;
        }
        return longest == null ? null : limited(longest, max);
    }

    private static @Nullable Duration untilDate(String text, DateTimeFormatter format, Instant now) {
        try {
            return Duration.between(now, format.parse(text.replaceAll(" +", " "), Instant::from));
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Digits, perhaps with a fraction; {@code Double} would also read NaN, hexadecimal and exponents. */
    private static @Nullable Duration seconds(String text, Duration max) {
        int dot = text.indexOf('.');
        String whole = dot < 0 ? text : text.substring(0, dot);
        String fraction = dot < 0 ? "" : text.substring(dot + 1);
        if (whole.isEmpty() || !isDigits(whole) || !isDigits(fraction) || (dot >= 0 && fraction.isEmpty())) {
            return null;
        }
        String significant = whole.replaceFirst("^0+", "");
        if (significant.length() > MAX_DIGITS) {
            return max;
        }
        long millis = fraction.isEmpty() ? 0 : Long.parseLong((fraction + "000").substring(0, 3));
        return Duration.ofSeconds(significant.isEmpty() ? 0 : Long.parseLong(significant))
                .plusMillis(millis);
    }

    private static boolean isDigits(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static Duration limited(Duration wait, Duration max) {
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(max) > 0 ? max : wait;
    }
}
