package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.RedisTestServer;
import io.pythia.testkit.server.RedisWire;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Pythia beside raw lettuce (asynchronous, pipelined) in one run: {@code RedisBenchmark [messages] [rounds]}. Rounds are interleaved and
 * each run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of medians are what counts.
 */
public final class RedisBenchmark {
    /** What is compared with what: a label, the raw variant, Pythia's. */
    private static final String[][] ROWS = {
        {"stream, produce", "raw-xadd", "pythia-xadd"},
        {"stream, consume, XACK per batch", "raw-xread", "pythia-xread"},
        {"stream, consume, XACK per message", "raw-xread-each", "pythia-xread"},
        {"list, push", "raw-lpush", "pythia-lpush"},
        {"list, pop (at most once)", "raw-rpop", "pythia-rpop"},
        {"list, pop (reliable) beside a plain RPOP", "raw-rpop", "pythia-lmove"},
        {"publish/subscribe", "raw-pubsub", "pythia-pubsub"},
    };

    private final int port;
    private final int messages;
    private final int rounds;
    private final Comparison comparison = new Comparison(RedisRun.class);

    private RedisBenchmark(int port, int messages, int rounds) {
        this.port = port;
        this.messages = messages;
        this.rounds = rounds;
    }

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int messages = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        try (RedisTestServer server = RedisTestServer.create(Map.of("appendonly", "no"))) {
            new RedisBenchmark(server.port(), messages, rounds).run();
        }
    }

    private void run() throws Exception {
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            // What the consumers read was written by the producers' runs before them: 1.25 x messages each.
            for (String side : List.of("raw", "pythia")) {
                measure(side + "-xadd", "stream-" + side);
            }
            measure("raw-xread", "stream-raw");
            measure("raw-xread-each", "stream-raw");
            measure("pythia-xread", "stream-raw");
            for (String side : List.of("raw", "pythia")) {
                measure(side + "-lpush", "list");
                measure(side + "-rpop", "list");
            }
            RedisWire.call(port, "DEL", "list");
            measure("raw-lpush", "list");
            measure("pythia-lmove", "list");
            measure("raw-pubsub", "channel");
            measure("pythia-pubsub", "channel");
            RedisWire.call(port, "FLUSHALL");
        }
        print();
    }

    private void measure(String variant, String destination) throws IOException, InterruptedException {
        comparison.measure(
                variant,
                Integer.toString(port),
                destination,
                // A round trip for each message: enough is enough.
                Integer.toString(variant.endsWith("-each") ? messages / 10 : messages));
    }

    private void print() {
        System.out.printf(
                "%d messages of 256 bytes, %d rounds, medians, JDK %s%n%n",
                messages, rounds, Runtime.version().feature());
        System.out.println(
                "| | raw msg/s | Pythia msg/s | ratio | raw CPU µs | Pythia CPU µs | raw bytes | Pythia bytes |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (String[] row : ROWS) {
            double raw = comparison.median(row[1], Outcome::first);
            double pythia = comparison.median(row[2], Outcome::first);
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %,.0f | %,.0f | %.2f | %.2f | %.2f | %.0f | %.0f |%n",
                    row[0],
                    raw,
                    pythia,
                    pythia / raw,
                    comparison.median(row[1], Outcome::second),
                    comparison.median(row[2], Outcome::second),
                    comparison.median(row[1], Outcome::third),
                    comparison.median(row[2], Outcome::third));
        }
    }
}
