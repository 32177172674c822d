package io.pythia.spi;

import io.pythia.Secret;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Text to values. What can't be converted is an {@link IllegalArgumentException} that says what is allowed, without the text. */
final class Conversions {
    private static final int MAX_SHOWN = 100;
    private static final Map<String, Long> SIZES = Map.of(
            "",
            1L,
            "b",
            1L,
            "kb",
            1_000L,
            "mb",
            1_000_000L,
            "gb",
            1_000_000_000L,
            "kib",
            1L << 10,
            "mib",
            1L << 20,
            "gib",
            1L << 30);
    private static final Map<String, Duration> UNITS = Map.of(
            "ns", Duration.ofNanos(1),
            "us", Duration.ofNanos(1_000),
            "ms", Duration.ofMillis(1),
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "d", Duration.ofDays(1));

    private Conversions() {}

    static Object convert(String text, Class<?> type) {
        if (type == String.class) {
            return text;
        } else if (type == Secret.class) {
            return Secret.of(text);
        } else if (type == int.class || type == Integer.class) {
            long value = size(text);
            if (value != (int) value) {
                throw new IllegalArgumentException("is too large, at most " + Integer.MAX_VALUE);
            }
            return (int) value;
        } else if (type == long.class || type == Long.class) {
            return size(text);
        } else if (type == boolean.class || type == Boolean.class) {
            return bool(text);
        } else if (type == Duration.class) {
            return duration(text);
        } else if (type == Path.class) {
            return path(text);
        } else if (type == List.class) {
            return Arrays.stream(text.split(","))
                    .map(String::strip)
                    .filter(s -> !s.isEmpty())
                    .toList();
        } else if (type.isEnum()) {
            return constant(text, type);
        }
        throw new IllegalStateException("settings can't be of " + type);
    }

    private static boolean bool(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("must be true or false");
        };
    }

    private static long size(String text) {
        String unit = unit(text);
        Long factor = SIZES.get(unit.toLowerCase(Locale.ROOT));
        if (factor == null) {
            throw new IllegalArgumentException("must be a whole number, or a size such as 64KiB or 10MB");
        }
        try {
            return Math.multiplyExact(Long.parseLong(number(text, unit)), factor);
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException("must be a whole number");
        }
    }

    private static Duration duration(String text) {
        String wanted = "must be a time such as 250ms, 30s, 5m or 2h";
        if (text.startsWith("P")) {
            try {
                return Duration.parse(text);
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException(wanted + ", or one of ISO-8601 such as PT30S");
            }
        }
        String unit = unit(text);
        Duration one = UNITS.get(unit);
        if (one == null) {
            throw new IllegalArgumentException(unit.isEmpty() ? wanted + ": it has no unit" : wanted);
        }
        try {
            return one.multipliedBy(Long.parseLong(number(text, unit)));
        } catch (NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException(wanted);
        }
    }

    private static String unit(String text) {
        int i = text.length();
        while (i > 0 && Character.isLetter(text.charAt(i - 1))) {
            i--;
        }
        return text.substring(i);
    }

    private static String number(String text, String unit) {
        return text.substring(0, text.length() - unit.length()).strip();
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("must be the path of a file");
        }
    }

    /** Takes {@code fail-fast}, {@code FAIL_FAST} and {@code failFast} for the same constant. */
    static <E> E constant(String text, Class<E> type) {
        String wanted = Settings.normalize(text.contains("_") ? text.toLowerCase(Locale.ROOT) : text);
        for (E constant : type.getEnumConstants()) {
            if (constantName(constant).equals(wanted) || constant.toString().equalsIgnoreCase(text)) {
                return constant;
            }
        }
        throw new IllegalArgumentException("must be one of "
                + Arrays.stream(type.getEnumConstants())
                        .map(Conversions::constantName)
                        .collect(Collectors.joining(", ")));
    }

    /** Returns a constant as it is written in settings. */
    static String constantName(Object constant) {
        return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns a value as it may stand in a message: one line, not too long. */
    static String shown(String value) {
        String line = value.replaceAll("\\p{Cntrl}", " ");
        return line.length() <= MAX_SHOWN ? line : line.substring(0, MAX_SHOWN) + "...";
    }
}
