package io.pythia.spi;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.function.ToIntFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Finds the word that was probably meant. */
public final class Similar {
    private static final int MAX_LENGTH = 100;

    /** Other libraries have the unit in the name: {@code wait_time_seconds}. */
    private static final Pattern UNIT = Pattern.compile("[-_]?(seconds|millis|ms)$");

    private Similar() {}

    /** Returns {@code "; did you mean ...?"}, or, if nothing is like it, the words that there are. */
    public static String hint(String word, Collection<String> known) {
        if (known.isEmpty() || word.length() > MAX_LENGTH) {
            return "";
        }
        String suggestion = suggestion(word, known);
        return suggestion.isEmpty()
                ? "; known are " + known.stream().sorted().collect(Collectors.joining(", "))
                : suggestion;
    }

    /**
     * Returns {@code "; did you mean ...?"}, or nothing if nothing is like it. Upper and lower case count as the same, and a unit at the
     * end of the word ({@code -seconds}, {@code -millis}, {@code -ms}) does not count.
     */
    public static String suggestion(String word, Collection<String> known) {
        if (word.length() > MAX_LENGTH) {
            return "";
        }
        String lower = word.toLowerCase(Locale.ROOT);
        String bare = UNIT.matcher(lower).replaceFirst("");
        int tolerance = Math.max(2, word.length() / 3);
        ToIntFunction<String> far = k -> Math.min(distance(lower, k), distance(bare, k));
        return known.stream()
                .min(Comparator.comparingInt(far))
                .filter(k -> far.applyAsInt(k) <= tolerance)
                .map(k -> "; did you mean " + k + "?")
                .orElse("");
    }

    /** Returns how many letters must be added, removed or replaced (Levenshtein). */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
