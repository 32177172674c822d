package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import java.util.List;

/** Pythia beside raw okhttp; the server is in this process, on one keep-alive host. */
final class HttpBenchmark implements Suite {
    private static final List<String> VARIANTS =
            List.of("raw-post", "pythia-post", "pythia-signed", "raw-poll", "pythia-poll");

    @Override
    public int messages() {
        return 60_000;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        int posts = plan.messages();
        Comparison comparison = new Comparison(
                HttpRun.class,
                "HTTP/1.1; " + posts + " posts of 256 bytes and " + posts / 2 + " polls that are answered by 304.");
        try (HttpTarget target = new HttpTarget()) {
            for (int round = 1; round <= plan.rounds(); round++) {
                System.err.printf("round %d of %d%n", round, plan.rounds());
                for (String variant : VARIANTS) {
                    comparison.measure(
                            variant,
                            Integer.toString(target.port()),
                            Integer.toString(variant.endsWith("poll") ? posts / 2 : posts));
                }
            }
        }
        comparison.row("posts/s", "raw-post", "pythia-post", Outcome::first, Goal.atLeast(0.95));
        comparison.row("CPU µs per post", "raw-post", "pythia-post", Outcome::second, Goal.atMost(1.15));
        comparison.row("signed posts/s", "raw-post", "pythia-signed", Outcome::first, Goal.none());
        comparison.row("CPU µs per signed post", "raw-post", "pythia-signed", Outcome::second, Goal.none());
        comparison.row("polls/s", "raw-poll", "pythia-poll", Outcome::first, Goal.atLeast(0.95));
        comparison.row("CPU µs per poll", "raw-poll", "pythia-poll", Outcome::second, Goal.atMost(1.15));
        comparison.row("bytes per poll", "raw-poll", "pythia-poll", Outcome::third, Goal.none());
        return comparison;
    }
}
