package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.RedisTestServer;
import io.pythia.testkit.server.RedisWire;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Pythia beside raw lettuce, asynchronous and pipelined. */
final class RedisBenchmark implements Suite {

    @Override
    public int messages() {
        return 2_500_000;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        try (RedisTestServer server = RedisTestServer.create(Map.of("appendonly", "no"))) {
            return new Run(plan, server.port()).run();
        }
    }

    private static final class Run {
        private final int port;
        private final int messages;
        private final int rounds;
        private final Comparison comparison;

        Run(Plan plan, int port) {
            this.port = port;
            this.messages = plan.messages();
            this.rounds = plan.rounds();
            this.comparison = new Comparison(
                    RedisRun.class,
                    "Redis without persistence; " + messages
                            + " messages of 256 bytes, 5,000 commands at most without an answer. The raw"
                            + " reader of a stream sends one `XACK` per batch of 500, as Pythia does, or one per message.");
        }

        Comparison run() throws Exception {
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
            comparison.throughput("stream, consume", "raw-xread", "pythia-xread", Goal.atLeast(0.90), Goal.beyond(200));
            comparison.throughput("stream, produce", "raw-xadd", "pythia-xadd", Goal.atLeast(0.95), Goal.beyond(250));
            rate("stream, consume beside one XACK per message", "raw-xread-each", "pythia-xread", Goal.none());
            rate("list, push", "raw-lpush", "pythia-lpush", Goal.atLeast(0.95));
            rate("list, pop at most once", "raw-rpop", "pythia-rpop", Goal.atLeast(0.90));
            rate("list, reliable pop beside a plain RPOP", "raw-rpop", "pythia-lmove", Goal.none());
            rate("publish/subscribe", "raw-pubsub", "pythia-pubsub", Goal.atLeast(0.95));
            return comparison;
        }

        private void measure(String variant, String destination) throws IOException, InterruptedException {
            comparison.measure(
                    variant,
                    Integer.toString(port),
                    destination,
                    // A round trip for each message: enough is enough.
                    Integer.toString(variant.endsWith("-each") ? messages / 10 : messages));
        }

        private void rate(String label, String raw, String pythia, Goal goal) {
            comparison.row(label + ", messages/s", raw, pythia, Outcome::first, goal);
        }
    }
}
