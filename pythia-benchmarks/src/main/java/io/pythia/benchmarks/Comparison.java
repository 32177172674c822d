package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Runs of a raw client and of Pythia beside each other, each in a JVM of its own; variants are called {@code raw-x} and
 * {@code pythia-x}. Ratios of medians are what counts.
 */
final class Comparison {
    private final Class<?> main;
    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();

    /** Creates one; the main class is given the variant and the other arguments, and prints a RESULT line. */
    Comparison(Class<?> main) {
        this.main = main;
    }

    void measure(String variant, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xms1g",
                "-Xmx1g",
                "-XX:+UseParallelGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                variant));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("pythia-benchmark-", ".log");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String result = null;
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                result = line.startsWith("RESULT") ? line : result;
            }
        }
        if (process.waitFor() != 0 || result == null) {
            throw new IllegalStateException(
                    variant + " failed with exit code " + process.exitValue() + "; what it printed is in " + errors);
        }
        Files.delete(errors);
        Outcome outcome = Outcome.parse(result);
        System.err.printf(
                Locale.ROOT,
                "  %-15s %12.0f %10.2f %10.1f%n",
                variant,
                outcome.first(),
                outcome.second(),
                outcome.third());
        outcomes.computeIfAbsent(variant, v -> new ArrayList<>()).add(outcome);
    }

    /** Prints a table in Markdown of what was produced, consumed and how late it came. */
    void print(String title) {
        System.out.printf(
                "%s, medians (min to max), JDK %s%n%n", title, Runtime.version().feature());
        System.out.println("| | raw | Pythia | ratio |");
        System.out.println("|---|---|---|---|");
        for (String what : List.of("produce", "consume")) {
            row(what + ", messages/s", what, Outcome::first);
            row(what + ", CPU µs per message", what, Outcome::second);
            row(what + ", bytes per message", what, Outcome::third);
        }
        if (outcomes.containsKey("raw-latency")) {
            row("latency p50, µs", "latency", Outcome::first);
            row("latency p99, µs", "latency", Outcome::second);
        }
    }

    private void row(String label, String what, ToDoubleFunction<Outcome> figure) {
        row(label, "raw-" + what, "pythia-" + what, figure);
    }

    /** Prints a row of a table: two variants and their ratio. */
    void row(String label, String rawVariant, String pythiaVariant, ToDoubleFunction<Outcome> figure) {
        double[] raw = sorted(rawVariant, figure);
        double[] pythia = sorted(pythiaVariant, figure);
        System.out.printf(
                Locale.ROOT, "| %s | %s | %s | %.2f |%n", label, text(raw), text(pythia), median(pythia) / median(raw));
    }

    double median(String variant, ToDoubleFunction<Outcome> figure) {
        return median(sorted(variant, figure));
    }

    private double[] sorted(String variant, ToDoubleFunction<Outcome> figure) {
        return outcomes.getOrDefault(variant, List.of()).stream()
                .mapToDouble(figure)
                .sorted()
                .toArray();
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static String text(double[] sorted) {
        String format = median(sorted) < 100 ? "%.2f (%.2f to %.2f)" : "%,.0f (%,.0f to %,.0f)";
        return String.format(Locale.ROOT, format, median(sorted), sorted[0], sorted[sorted.length - 1]);
    }
}
