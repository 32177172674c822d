package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.SqsTestServer;
import java.util.List;
import java.util.Locale;

/**
 * Pythia beside a raw loop of the SDK, which sends ten, or receives ten and deletes ten, and beside as many of these loops as Pythia has
 * requests under way.
 */
final class AwsBenchmark implements Suite {

    @Override
    public int messages() {
        return 20_000;
    }

    @Override
    public boolean takesServer() {
        return true;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        if (plan.server() != null) {
            return new Run(plan, plan.server()).run();
        }
        try (SqsTestServer server = SqsTestServer.createDirect()) {
            return new Run(plan, server.address()).run();
        }
    }

    private static final class Run {
        private static final List<String> SIDES = List.of("raw", "loops", "pythia");

        private final String address;
        private final int messages;
        private final int rounds;
        private final Comparison comparison;

        Run(Plan plan, String address) {
            this.address = address;
            this.messages = plan.messages();
            this.rounds = plan.rounds();
            this.comparison = new Comparison(
                    AwsRun.class,
                    "SQS, on ElasticMQ; " + messages
                            + " messages of 256 bytes, sent, received and deleted in tens by both sides.");
        }

        Comparison run() throws Exception {
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                for (int i = 0; i < SIDES.size(); i++) {
                    String side = SIDES.get((i + round) % SIDES.size());
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
            comparison.consume(Goal.atLeast(0.95));
            comparison.produce(Goal.atLeast(1.00));
            rate("produce", AwsRun.PRODUCING_LOOPS);
            rate("consume", AwsRun.CONSUMING_LOOPS);
            comparison.note(String.format(
                    Locale.ROOT,
                    "Requests per message: produce %.3f, consume %.3f; the raw loops have 0.100 and 0.200.",
                    comparison.median("pythia-requests", Outcome::first),
                    comparison.median("pythia-requests", Outcome::second)));
            return comparison;
        }

        private void rate(String what, int loops) {
            comparison.row(
                    what + " beside " + loops + " loops, messages/s",
                    "loops-" + what,
                    "pythia-" + what,
                    Outcome::first,
                    Goal.none());
        }

        private void measure(String variant, String queue, int count) throws Exception {
            comparison.measure(variant, address, queue, Integer.toString(count));
        }
    }
}
