package io.pythia.benchmarks;

import java.util.Arrays;
import java.util.Locale;

/**
 * One figure of both sides, measured once per round.
 *
 * @param label what was measured, with its unit
 * @param raw the raw client's figures, sorted
 * @param pythia Pythia's figures, sorted
 * @param goal what the project promises itself
 */
record Row(String label, double[] raw, double[] pythia, Goal goal) {

    /** What the ratio, or the difference, of the medians should be. */
    record Goal(Kind kind, double limit) {
        enum Kind {
            NONE,
            AT_LEAST,
            AT_MOST,
            BEYOND_AT_MOST
        }

        static Goal none() {
            return new Goal(Kind.NONE, 0);
        }

        static Goal atLeast(double ratio) {
            return new Goal(Kind.AT_LEAST, ratio);
        }

        static Goal atMost(double ratio) {
            return new Goal(Kind.AT_MOST, ratio);
        }

        /** So much more than the raw client. */
        static Goal beyond(double difference) {
            return new Goal(Kind.BEYOND_AT_MOST, difference);
        }
    }

    Row {
        raw = sorted(raw);
        pythia = sorted(pythia);
    }

    private static double[] sorted(double[] figures) {
        if (figures.length == 0) {
            throw new IllegalArgumentException("a figure that was never measured");
        }
        double[] sorted = figures.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    double ratio() {
        return median(pythia) / median(raw);
    }

    private double difference() {
        return median(pythia) - median(raw);
    }

    boolean isMet() {
        return switch (goal.kind()) {
            case NONE -> true;
            case AT_LEAST -> round(ratio()) >= goal.limit();
            case AT_MOST -> round(ratio()) <= goal.limit();
            case BEYOND_AT_MOST -> Math.round(difference()) <= goal.limit();
        };
    }

    /** As it is shown. */
    private static double round(double ratio) {
        return Math.round(ratio * 100) / 100.0;
    }

    /** Returns a row of a table: what, raw, Pythia, their ratio or difference, the goal. */
    String markdown() {
        String compared = goal.kind() == Goal.Kind.BEYOND_AT_MOST
                ? String.format(Locale.ROOT, "%+,.0f", difference())
                : String.format(Locale.ROOT, "%.2f", ratio());
        return String.format(
                Locale.ROOT, "| %s | %s | %s | %s | %s |", label, text(raw), text(pythia), compared, goalText());
    }

    private String goalText() {
        String text = switch (goal.kind()) {
            case NONE -> "";
            case AT_LEAST -> String.format(Locale.ROOT, "≥ %.2f", goal.limit());
            case AT_MOST -> String.format(Locale.ROOT, "≤ %.2f", goal.limit());
            case BEYOND_AT_MOST -> String.format(Locale.ROOT, "≤ %+,.0f", goal.limit());
        };
        return isMet() ? text : text + " **missed**";
    }

    private static String text(double[] sorted) {
        String one = median(sorted) < 100 ? "%.2f" : "%,.0f";
        String format = sorted.length == 1 ? one : one + " (" + one + " to " + one + ")";
        return String.format(Locale.ROOT, format, median(sorted), sorted[0], sorted[sorted.length - 1]);
    }

    static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
