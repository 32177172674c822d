package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.SqsTestServer;
import java.util.List;
import java.util.Locale;

/**
 * Pythia beside a raw loop of the SDK, which sends ten, or receives ten and deletes ten, and beside as many of these loops as Pythia has
 * requests under way: {@code AwsBenchmark [messages] [rounds] [host:port]}.
 * Rounds are interleaved and each run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of medians are what
 * counts. The server is ElasticMQ, on the same machine.
 */
public final class AwsBenchmark {
    private final String address;
    private final int messages;
    private final int rounds;
    private final Comparison comparison = new Comparison(AwsRun.class);

    private AwsBenchmark(String address, int messages, int rounds) {
        this.address = address;
        this.messages = messages;
        this.rounds = rounds;
    }

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int messages = args.length > 0 ? Integer.parseInt(args[0]) : 20_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        if (args.length > 2) {
            new AwsBenchmark(args[2], messages, rounds).run();
            return;
        }
        try (SqsTestServer server = SqsTestServer.createDirect()) {
            new AwsBenchmark(server.address(), messages, rounds).run();
        }
    }

    private void run() throws Exception {
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            List<String> sides = List.of("raw", "loops", "pythia");
            for (int i = 0; i < sides.size(); i++) {
                String side = sides.get((i + round) % sides.size());
                String queue = "bench-" + side + "-" + round + "-" + System.nanoTime();
                AwsRun.create(address, queue);
                // Each consumer reads what the producer of its side has just sent.
                measure(side + "-produce", queue, messages);
                measure(side + "-consume", queue, messages);
                AwsRun.delete(address, queue);
            }
        }
        String queue = "bench-requests-" + System.nanoTime();
        AwsRun.create(address, queue);
        measure("pythia-requests", queue, messages);
        System.out.printf(
                "%d messages of 256 bytes, %d rounds, medians (min to max), JDK %s%n%n",
                messages, rounds, Runtime.version().feature());
        table("one raw loop", "raw-");
        table("raw loops, " + AwsRun.PRODUCING_LOOPS + " and " + AwsRun.CONSUMING_LOOPS, "loops-");
        System.out.printf(
                Locale.ROOT,
                "requests per message: produce %.3f, consume %.3f (raw: 0.100, 0.200)%n",
                comparison.median("pythia-requests", Outcome::first),
                comparison.median("pythia-requests", Outcome::second));
    }

    private void table(String title, String raw) {
        System.out.printf("| | %s | Pythia | ratio |%n|---|---|---|---|%n", title);
        for (String what : List.of("produce", "consume")) {
            comparison.row(what + ", messages/s", raw + what, "pythia-" + what, Outcome::first);
            comparison.row(what + ", CPU µs per message", raw + what, "pythia-" + what, Outcome::second);
            comparison.row(what + ", bytes per message", raw + what, "pythia-" + what, Outcome::third);
        }
        System.out.println();
    }

    private void measure(String variant, String queue, int count) throws Exception {
        comparison.measure(variant, address, queue, Integer.toString(count));
    }
}
