package io.pythia.benchmarks;

import io.pythia.testkit.server.storagequeue.StorageQueueStandIn;

/** Pythia beside Azure's raw client of Storage Queue, on the stand-in of the testkit. */
final class StorageQueueBenchmark implements Suite {

    @Override
    public int messages() {
        return 20_000; // a request for each
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        Comparison comparison = new Comparison(
                StorageQueueRun.class,
                "Storage Queue, on the stand-in of the test kit; " + plan.messages()
                        + " messages of 256 bytes, beside Azure's client.");
        OwnServers.run(comparison, plan, () -> new Server(new StorageQueueStandIn()));
        return comparison;
    }

    private record Server(StorageQueueStandIn standIn) implements OwnServers.Server {
        @Override
        public String create(String queue) {
            standIn.createQueue(queue);
            return "AccountName=bench;AccountKey=YmVuY2g=;QueueEndpoint=http://" + standIn.directAddress() + "/bench";
        }

        @Override
        public void close() {
            standIn.close();
        }
    }
}
