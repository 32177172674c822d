package io.pythia.cdc;

import io.pythia.BrokerException;
import io.pythia.cdc.Column.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a database wrote, as the values of an event. What does not read as its type says stays text: nothing fails for a value. */
final class Values {
    private static final DateTimeFormatter WITH_OFFSET = new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .appendLiteral('T')
            .append(DateTimeFormatter.ISO_LOCAL_TIME)
            .appendOffset("+HH:mm:ss", "Z")
            .toFormatter(Locale.ROOT);

    /** As seconds it would be in the year 5138, as milliseconds it is in 1973. */
    private static final double LEAST_MILLIS = 1e11;

    /** What a decoder makes of bytes that are no text. */
    private static final char REPLACEMENT = '\uFFFD';

    private Values() {}

    /**
     * Returns a text of PostgreSQL.
     *
     * @throws BrokerException if it is not UTF-8, rather than an event with other letters in it
     */
    static String text(byte[] utf8) {
        String text = new String(utf8, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) >= 0 && !Arrays.equals(text.getBytes(StandardCharsets.UTF_8), utf8)) {
            throw new BrokerException(
                    "a value is not text in UTF-8, which only a database can have that was made with the encoding"
                            + " SQL_ASCII, that is with none: make it anew with the encoding UTF8, or keep such values as bytea");
        }
        return text;
    }

    static @Nullable Object convert(Kind kind, @Nullable Object raw) {
        if (raw == null || raw instanceof Boolean) {
            return raw;
        }
        try {
            return switch (kind) {
                case INTEGER -> raw instanceof String text ? integer(text) : raw;
                case DECIMAL -> raw instanceof String text ? new BigDecimal(text) : raw;
                case FLOAT -> finite(raw instanceof String text ? Double.valueOf(text) : raw);
                case BOOLEAN -> bool(raw);
                case BYTES -> bytes(raw.toString());
                case TIMESTAMP -> iso(raw);
                case INSTANT -> pointInTime(raw);
                default -> raw;
            };
        } catch (NumberFormatException e) {
            return raw.toString(); // NaN, Infinity
        }
    }

    private static Object integer(String text) {
        return text.length() <= 18 ? (Object) Long.valueOf(text) : narrow(new BigInteger(text));
    }

    private static Object narrow(BigInteger number) {
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    /** JSON has no NaN. */
    private static Object finite(Object number) {
        return number instanceof Double value && !Double.isFinite(value) ? value.toString() : number;
    }

    private static Object bool(Object raw) {
        if (raw instanceof Number number) {
            return number.longValue() != 0;
        }
        return switch (raw.toString()) {
            case "t", "true", "1" -> true;
            case "f", "false", "0" -> false;
            default -> raw;
        };
    }

    /** PostgreSQL writes bytes as hexadecimal digits behind {@code \x}; here they are Base64. */
    private static String bytes(String text) {
        return text.startsWith("\\x")
                ? Base64.getEncoder().encodeToString(HexFormat.of().parseHex(text, 2, text.length()))
                : text;
    }

    private static String iso(Object raw) {
        String text = raw.toString();
        return text.length() > 10 && text.charAt(10) == ' ' ? text.substring(0, 10) + 'T' + text.substring(11) : text;
    }

    private static String pointInTime(Object raw) {
        String text = raw.toString();
        if (isUtcOfPostgres(text)) {
            return inUtc(text);
        }
        Instant instant = instant(Kind.INSTANT, raw);
        return instant == null ? text : instant.toString();
    }

    private static boolean isUtcOfPostgres(String text) {
        return text.length() >= 22 && text.endsWith("+00") && text.charAt(10) == ' ';
    }

    /** The common case without a calendar: {@code 2026-01-02 03:04:05.6+00} as {@link Instant#toString} has it. */
    private static String inUtc(String text) {
        int end = text.length() - 3;
        StringBuilder iso =
                new StringBuilder(30).append(text, 0, 10).append('T').append(text, 11, end);
        int digits = Math.max(0, end - 20);
        for (int i = digits; i % 3 != 0; i++) {
            iso.append('0');
        }
        return iso.append('Z').toString();
    }

    /** Returns a time of a column, of no zone as of UTC; null if it is none. */
    static @Nullable Instant instant(Kind kind, @Nullable Object raw) {
        if (raw == null) {
            return null;
        }
        try {
            if (raw instanceof Number number) {
                return kind == Kind.TEXT ? sinceEpoch(number) : null;
            }
            Instant common = kind == Kind.INSTANT ? utcOfPostgres(raw.toString()) : null;
            if (common != null) {
                return common;
            }
            String text = iso(raw);
            return hasOffset(text)
                    ? OffsetDateTime.parse(text, WITH_OFFSET).toInstant()
                    : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
            return null; // infinity, before Christ, or a text that is no time
        }
    }

    /** A number in a column of times, which SQLite may have: its driver writes milliseconds, its {@code unixepoch()} is seconds. */
    private static Instant sinceEpoch(Number number) {
        BigDecimal seconds = new BigDecimal(number.toString()).movePointLeft(isMillis(number) ? 3 : 0);
        return Instant.ofEpochSecond(
                seconds.toBigInteger().longValueExact(),
                seconds.remainder(BigDecimal.ONE).movePointRight(9).longValue());
    }

    private static boolean isMillis(Number number) {
        return Math.abs(number.doubleValue()) >= LEAST_MILLIS;
    }

    /** Returns what a number that is a time was so long before. */
    static Number before(Number time, Duration span) {
        BigDecimal seconds = BigDecimal.valueOf(span.toMillis(), 3);
        BigDecimal early =
                new BigDecimal(time.toString()).subtract(isMillis(time) ? seconds.movePointRight(3) : seconds);
        return time instanceof Long
                ? (Number) early.setScale(0, RoundingMode.FLOOR).longValue()
                : early;
    }

    /** The common case without a parser: {@code 2026-01-02 03:04:05.6+00}. Returns null if it is not that. */
    private static @Nullable Instant utcOfPostgres(String text) {
        int end = text.length() - 3;
        if (!isUtcOfPostgres(text) || end > 29 || (end > 19 && text.charAt(19) != '.')) {
            return null;
        }
        int seconds = number(text, 11, 13) * 3600 + number(text, 14, 16) * 60 + number(text, 17, 19);
        int nanos = end > 20 ? number(text, 20, end) : 0;
        for (int digits = Math.max(0, end - 20); digits < 9; digits++) {
            nanos *= 10;
        }
        LocalDate day = LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        return Instant.ofEpochSecond(day.toEpochDay() * 86_400 + seconds, nanos);
    }

    private static int number(String text, int from, int to) {
        return Integer.parseInt(text, from, to, 10);
    }

    /** Returns a text of which {@link #instant} is known as a time in the zone that it is in. */
    static LocalDateTime local(String time) {
        String text = iso(time);
        return hasOffset(text) ? OffsetDateTime.parse(text, WITH_OFFSET).toLocalDateTime() : LocalDateTime.parse(text);
    }

    /** Returns whether a text that begins with a day and a time says how far from UTC that is. */
    static boolean hasOffset(String text) {
        return text.indexOf('+', 10) > 0 || text.indexOf('-', 10) > 0 || text.endsWith("Z");
    }

    /** Returns whether the value of a tombstone column says that the row is deleted. */
    static boolean isTombstone(@Nullable Object raw) {
        if (raw == null) {
            return false;
        }
        return switch (raw.toString()) {
            case "f", "false", "0", "" -> false;
            default -> true;
        };
    }
}
