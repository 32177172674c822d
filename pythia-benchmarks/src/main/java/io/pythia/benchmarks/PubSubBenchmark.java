package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.UUID;

/**
 * Pythia beside Google's own {@code Publisher} and {@code Subscriber} in one run, against Google's emulator, or the project's own server:
 * {@code PubSubBenchmark [messages] [rounds] [emulator|own]}. Rounds are interleaved and each run has a JVM of its own; ratios of medians
 * are what counts.
 */
public final class PubSubBenchmark {
    private PubSubBenchmark() {}

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int messages = args.length > 0 ? Integer.parseInt(args[0]) : 200_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        boolean emulator = args.length > 2 && args[2].equals("emulator");
        Comparison comparison = new Comparison(PubSubRun.class);
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                // A server for each: what one side leaves behind must not slow the other.
                try (TestServer server = emulator ? TestServers.newPubSubEmulator() : TestServers.newPubSub()) {
                    String name = "bench-" + UUID.randomUUID();
                    String count = Integer.toString(messages);
                    comparison.measure(side + "-produce", server.address(), name, count);
                    comparison.measure(side + "-consume", server.address(), name, count);
                }
            }
        }
        System.out.printf(
                "%d messages of 256 bytes, %s, %d rounds, medians (min to max), JDK %s%n%n",
                messages,
                emulator ? "Google's emulator" : "the project's server",
                rounds,
                Runtime.version().feature());
        System.out.println("| | raw | Pythia | ratio |");
        System.out.println("|---|---|---|---|");
        for (String what : new String[] {"produce", "consume"}) {
            String raw = "raw-" + what;
            String pythia = "pythia-" + what;
            comparison.row(what + ", messages/s", raw, pythia, Outcome::first);
            comparison.row(what + ", CPU µs per message", raw, pythia, Outcome::second);
            comparison.row(what + ", bytes per message", raw, pythia, Outcome::third);
        }
    }
}
