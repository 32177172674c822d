package io.pythia.benchmarks;

import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.servicebus.QueueOptions;
import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;
import java.util.function.Supplier;

/**
 * Pythia beside Azure's raw clients in one run: {@code AzureBenchmark [messages] [rounds] [servicebus|storage-queue]}, on the stand-ins of
 * the testkit. Rounds are interleaved and each run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of
 * medians are what counts.
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

    /** Runs all variants and prints a table in Markdown for each service. */
    public static void main(String[] args) throws Exception {
        AzureBenchmark benchmark = new AzureBenchmark(
                args.length > 0 ? Integer.parseInt(args[0]) : 200_000, args.length > 1 ? Integer.parseInt(args[1]) : 5);
        String which = args.length > 2 ? args[2] : "";
        if (!which.equals("storage-queue")) {
            benchmark.serviceBus();
        }
        if (!which.equals("servicebus")) {
            benchmark.storageQueue();
        }
    }

    private void serviceBus() throws Exception {
        compare("Service Bus", new Comparison(ServiceBusRun.class), messages, BusServer::new);
    }

    private void storageQueue() throws Exception {
        compare("Storage Queue", new Comparison(StorageQueueRun.class), messages / FEWER, StorageServer::new);
    }

    private interface Server extends AutoCloseable {
        /** Makes a queue and returns the connection string. */
        String create(String queue);

        @Override
        void close();
    }

    private record BusServer(ServiceBusTestServer server) implements Server {
        BusServer() {
            this(ServiceBusTestServer.createDirect());
        }

        @Override
        public String create(String queue) {
            server.createQueue(queue, QueueOptions.defaults());
            return server.connectionString();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    private record StorageServer(StorageQueueStandIn server) implements Server {
        StorageServer() {
            this(new StorageQueueStandIn());
        }

        @Override
        public String create(String queue) {
            server.createQueue(queue);
            return "AccountName=bench;AccountKey=YmVuY2g=;QueueEndpoint=http://" + server.directAddress() + "/bench";
        }

        @Override
        public void close() {
            server.close();
        }
    }

    private void compare(String what, Comparison comparison, int count, Supplier<Server> servers) throws Exception {
        for (int round = 1; round <= rounds; round++) {
            System.err.printf("round %d of %d%n", round, rounds);
            // Each consumer reads what the producer of its side has just sent; who begins changes.
            for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                // A server for each: what one side leaves behind must not slow the other.
                try (Server server = servers.get()) {
                    String queue = "bench-" + side;
                    String connectionString = server.create(queue);
                    for (String variant : new String[] {"produce", "consume"}) {
                        comparison.measure(side + "-" + variant, connectionString, queue, Integer.toString(count));
                    }
                }
            }
        }
        comparison.print(what + ", " + count + " messages of 256 bytes, " + rounds + " rounds");
    }
}
