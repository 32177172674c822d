package io.pythia.benchmarks;

import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.servicebus.QueueOptions;
import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;

/**
 * Pythia beside Azure's raw clients in one run: {@code AzureBenchmark [messages] [rounds]}, on the stand-ins of the testkit. Rounds are
 * interleaved and each run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of medians are what counts.
 */
public final class AzureBenchmark {
    /** A queue of Storage takes a request for each message: it gets so many fewer. */
    private static final int FEWER = 10;

    private final int messages;
    private final int rounds;

    private AzureBenchmark(int messages, int rounds) {
        this.messages = messages;
        this.rounds = rounds;
    }

    /** Runs all variants and prints two tables in Markdown. */
    public static void main(String[] args) throws Exception {
        AzureBenchmark benchmark = new AzureBenchmark(
                args.length > 0 ? Integer.parseInt(args[0]) : 200_000, args.length > 1 ? Integer.parseInt(args[1]) : 5);
        benchmark.serviceBus();
        benchmark.storageQueue();
    }

    private void serviceBus() throws Exception {
        Comparison comparison = new Comparison(ServiceBusRun.class);
        try (ServiceBusTestServer server = ServiceBusTestServer.createDirect()) {
            run(comparison, messages, queue -> {
                server.createQueue(queue, QueueOptions.defaults());
                return server.connectionString();
            });
        }
        comparison.print("Service Bus, " + messages + " messages of 256 bytes, " + rounds + " rounds");
    }

    private void storageQueue() throws Exception {
        Comparison comparison = new Comparison(StorageQueueRun.class);
        int fewer = messages / FEWER;
        try (StorageQueueStandIn server = new StorageQueueStandIn()) {
            run(comparison, fewer, queue -> {
                server.createQueue(queue);
                return "AccountName=bench;AccountKey=YmVuY2g=;QueueEndpoint=http://" + server.directAddress()
                        + "/bench";
            });
        }
        comparison.print("Storage Queue, " + fewer + " messages of 256 bytes, " + rounds + " rounds");
    }

    private interface Queues {
        /** Makes a queue and returns the connection string of its server. */
        String create(String queue);
    }

    private void run(Comparison comparison, int count, Queues queues) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            // Each consumer reads what the producer of its side has just sent; who begins changes.
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                String queue = "bench-" + side + "-" + round + "-" + System.nanoTime();
                String connectionString = queues.create(queue);
                for (String what : new String[] {"produce", "consume"}) {
                    comparison.measure(side + "-" + what, connectionString, queue, Integer.toString(count));
                }
            }
        }
    }
}
