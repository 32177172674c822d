package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import java.util.List;

/**
 * Pythia beside raw okhttp in one run: {@code HttpBenchmark [posts] [rounds]}. Rounds are interleaved and each run has a JVM of its own; the
 * server is in this one, on one keep-alive host.
 */
public final class HttpBenchmark {
    private static final List<String> VARIANTS =
            List.of("raw-post", "pythia-post", "pythia-signed", "raw-poll", "pythia-poll");

    private HttpBenchmark() {}

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        Comparison comparison = new Comparison(HttpRun.class);
        try (HttpTarget target = new HttpTarget()) {
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (String variant : VARIANTS) {
                    comparison.measure(
                            variant,
                            Integer.toString(target.port()),
                            Integer.toString(variant.endsWith("poll") ? count / 2 : count));
                }
            }
        }
        print(comparison, count, rounds);
    }

    private static void print(Comparison comparison, int count, int rounds) {
        System.out.printf(
                "%d posts of 256 bytes and %d polls answered by 304, %d rounds, medians (min to max), JDK %s%n%n",
                count, count / 2, rounds, Runtime.version().feature());
        System.out.println("| | raw okhttp | Pythia | ratio |");
        System.out.println("|---|---|---|---|");
        comparison.row("posts/s", "raw-post", "pythia-post", Outcome::first);
        comparison.row("CPU µs per post", "raw-post", "pythia-post", Outcome::second);
        comparison.row("signed posts/s", "raw-post", "pythia-signed", Outcome::first);
        comparison.row("CPU µs per signed post", "raw-post", "pythia-signed", Outcome::second);
        comparison.row("304/s", "raw-poll", "pythia-poll", Outcome::first);
        comparison.row("CPU µs per 304", "raw-poll", "pythia-poll", Outcome::second);
        comparison.row("bytes per 304", "raw-poll", "pythia-poll", Outcome::third);
    }
}
