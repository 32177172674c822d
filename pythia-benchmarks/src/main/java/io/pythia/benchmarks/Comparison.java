package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Runs of a raw client and of Pythia beside each other, each in a JVM of its own, and the rows that compare them. Variants are called
 * {@code raw-x} and {@code pythia-x}. Ratios of medians are what counts.
 */
final class Comparison implements Result {
    private final Class<?> main;
    private final String what;
    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /**
     * Creates one without rows.
     *
     * @param main a main class that is given the variant and the other arguments, and prints a RESULT line
     * @param what what is compared, in a sentence or two
     */
    Comparison(Class<?> main, String what) {
        this.main = main;
        this.what = what;
    }

    /** Runs one variant; its figures come to those of the rounds before. */
    void measure(String variant, String... arguments) throws IOException, InterruptedException {
        measureAs(variant, variant, arguments);
    }

    /** Runs one variant under another name. */
    void measureAs(String name, String variant, String... arguments) throws IOException, InterruptedException {
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
                "  %-16s %12.0f %10.2f %10.1f%n",
                name,
                outcome.first(),
                outcome.second(),
                outcome.third());
        outcomes.computeIfAbsent(name, v -> new ArrayList<>()).add(outcome);
    }

    /** Adds rows for the variants {@code raw-consume} and so on. */
    void consume(Goal rate) {
        throughput("consume", "raw-consume", "pythia-consume", rate, Goal.beyond(200));
    }

    void produce(Goal rate) {
        throughput("produce", "raw-produce", "pythia-produce", rate, Goal.beyond(250));
    }

    /** Adds rows for a rate, what it costs, and the threads. */
    void throughput(String label, String raw, String pythia, Goal rate, Goal bytes) {
        row(label + ", messages/s", raw, pythia, Outcome::first, rate);
        row(label + ", CPU seconds per million", raw, pythia, Outcome::second, Goal.atMost(1.15));
        row(label + ", bytes per message", raw, pythia, Outcome::third, bytes);
        row(label + ", threads", raw, pythia, Outcome::threads, Goal.none());
    }

    /** Adds rows for the latency. */
    void latency() {
        row("latency at 1,000/s, p50, µs", "raw-latency", "pythia-latency", Outcome::first, Goal.none());
        row("latency at 1,000/s, p99, µs", "raw-latency", "pythia-latency", Outcome::second, Goal.atMost(1.15));
    }

    /** Adds a row. */
    void row(String label, String raw, String pythia, ToDoubleFunction<Outcome> figure, Goal goal) {
        rows.add(new Row(label, figures(raw, figure), figures(pythia, figure), goal));
    }

    /** Adds a sentence below the table. */
    void note(String sentence) {
        notes.add(sentence);
    }

    private double[] figures(String variant, ToDoubleFunction<Outcome> figure) {
        return outcomes.getOrDefault(variant, List.of()).stream()
                .mapToDouble(figure)
                .toArray();
    }

    double median(String variant, ToDoubleFunction<Outcome> figure) {
        double[] figures = figures(variant, figure);
        Arrays.sort(figures);
        return Row.median(figures);
    }

    @Override
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    @Override
    public String markdown() {
        return what + "\n\n| | raw client | Pythia | ratio, or more | goal |\n|---|---|---|---|---|\n"
                + rows.stream().map(Row::markdown).collect(Collectors.joining("\n"))
                + "\n"
                + notes.stream().map(note -> "\n" + note + "\n").collect(Collectors.joining());
    }
}
