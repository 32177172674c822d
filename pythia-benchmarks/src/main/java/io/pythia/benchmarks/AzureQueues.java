package io.pythia.benchmarks;

import io.pythia.benchmarks.Row.Goal;

/** What the suites of Azure's two queues share. */
final class AzureQueues {
    private AzureQueues() {}

    interface Server {
        /** Makes a queue and returns the connection string of its server. */
        String create(String queue);
    }

    static void run(Comparison comparison, Suite.Plan plan, Server server) throws Exception {
        for (int round = 1; round <= plan.rounds(); round++) {
            System.err.printf("round %d of %d%n", round, plan.rounds());
            // Each consumer reads what the producer of its side has just sent; who begins changes.
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                String queue = "bench-" + side + "-" + round + "-" + System.nanoTime();
                String connectionString = server.create(queue);
                for (String what : new String[] {"produce", "consume"}) {
                    comparison.measure(side + "-" + what, connectionString, queue, Integer.toString(plan.messages()));
                }
            }
        }
        comparison.consume(Goal.atLeast(0.90));
        comparison.produce(Goal.atLeast(0.90));
    }
}
