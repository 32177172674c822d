package io.pythia.benchmarks;

import io.pythia.benchmarks.Row.Goal;
import java.util.function.Supplier;

/** What the suites share whose sides each have a server of their own: what one leaves behind must not slow the other. */
final class OwnServers {
    private OwnServers() {}

    interface Server extends AutoCloseable {
        /** Makes a queue, where a run does not make its own; returns how a run finds the server. */
        String create(String queue);

        @Override
        void close();
    }

    static void run(Comparison comparison, Suite.Plan plan, Supplier<Server> servers) throws Exception {
        for (int round = 1; round <= plan.rounds(); round++) {
            System.err.printf("round %d of %d%n", round, plan.rounds());
            // Each consumer reads what the producer of its side has just sent; who begins changes.
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                try (Server server = servers.get()) {
                    String queue = "bench-" + side;
                    String address = server.create(queue);
                    String count = Integer.toString(plan.messages());
                    for (String what : new String[] {"produce", "consume"}) {
                        comparison.measure(side + "-" + what, address, queue, count);
                    }
                }
            }
        }
        comparison.consume(Goal.atLeast(0.90));
        comparison.produce(Goal.atLeast(0.90));
    }
}
