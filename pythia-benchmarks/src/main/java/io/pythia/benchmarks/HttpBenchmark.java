package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Pythia beside raw okhttp in one run: {@code HttpBenchmark [posts] [rounds]}. Rounds are interleaved and each run has a JVM of its own; the
 * server is in this one, on one keep-alive host.
 */
public final class HttpBenchmark {
    private static final List<String> VARIANTS =
            List.of("raw-post", "pythia-post", "pythia-signed", "raw-poll", "pythia-poll");

    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();

    private HttpBenchmark() {}

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        HttpBenchmark benchmark = new HttpBenchmark();
        try (HttpTarget target = new HttpTarget()) {
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (String variant : VARIANTS) {
                    benchmark.measure(variant, target.port(), variant.endsWith("poll") ? count / 2 : count);
                }
            }
        }
        benchmark.print(count, rounds);
    }

    private void measure(String variant, int port, int count) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xmx512m",
                        "-XX:+UseParallelGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        HttpRun.class.getName(),
                        variant,
                        Integer.toString(port),
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String result = null;
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                result = line.startsWith("RESULT") ? line : result;
            }
        }
        if (process.waitFor() != 0 || result == null) {
            throw new IllegalStateException(variant + " failed with exit code " + process.exitValue());
        }
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

    private void print(int count, int rounds) {
        System.out.printf(
                "%d posts of 256 bytes and %d polls answered by 304, %d rounds, medians (min to max), JDK %s%n%n",
                count, count / 2, rounds, Runtime.version().feature());
        System.out.println("| | raw okhttp | Pythia | ratio |");
        System.out.println("|---|---|---|---|");
        row("posts/s", "raw-post", "pythia-post", Outcome::first);
        row("CPU µs per post", "raw-post", "pythia-post", Outcome::second);
        row("signed posts/s", "raw-post", "pythia-signed", Outcome::first);
        row("CPU µs per signed post", "raw-post", "pythia-signed", Outcome::second);
        row("304/s", "raw-poll", "pythia-poll", Outcome::first);
        row("CPU µs per 304", "raw-poll", "pythia-poll", Outcome::second);
        row("bytes per 304", "raw-poll", "pythia-poll", Outcome::third);
    }

    private void row(String label, String raw, String pythia, ToDoubleFunction<Outcome> figure) {
        double[] first = sorted(raw, figure);
        double[] second = sorted(pythia, figure);
        System.out.printf(
                Locale.ROOT,
                "| %s | %s | %s | %.2f |%n",
                label,
                text(first),
                text(second),
                second[second.length / 2] / first[first.length / 2]);
    }

    private double[] sorted(String variant, ToDoubleFunction<Outcome> figure) {
        return outcomes.getOrDefault(variant, List.of()).stream()
                .mapToDouble(figure)
                .sorted()
                .toArray();
    }

    private static String text(double[] sorted) {
        return String.format(
                Locale.ROOT, "%,.1f (%,.1f to %,.1f)", sorted[sorted.length / 2], sorted[0], sorted[sorted.length - 1]);
    }
}
