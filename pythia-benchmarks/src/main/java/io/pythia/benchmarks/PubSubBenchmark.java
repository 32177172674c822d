package io.pythia.benchmarks;

import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;
import java.util.UUID;

/** Pythia beside Google's own {@code Publisher} and {@code Subscriber}, on the project's server. */
final class PubSubBenchmark implements Suite {

    @Override
    public int messages() {
        return 200_000;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        Comparison comparison = new Comparison(
                PubSubRun.class,
                "Pub/Sub, on the project's own server; " + plan.messages()
                        + " messages of 256 bytes, beside Google's `Publisher` and" + " `Subscriber`.");
        for (int round = 1; round <= plan.rounds(); round++) {
            System.err.printf("round %d of %d%n", round, plan.rounds());
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                // A server for each: what one side leaves behind must not slow the other.
                try (TestServer server = TestServers.newPubSub()) {
                    String name = "bench-" + UUID.randomUUID();
                    String count = Integer.toString(plan.messages());
                    comparison.measure(side + "-produce", plan.server(server.address()), name, count);
                    comparison.measure(side + "-consume", plan.server(server.address()), name, count);
                }
            }
        }
        comparison.consume(Goal.atLeast(0.90));
        comparison.produce(Goal.atLeast(0.90));
        return comparison;
    }
}
