package io.pythia.benchmarks;

import io.pythia.testkit.server.ServiceBusTestServer;
import io.pythia.testkit.server.servicebus.QueueOptions;

/** Pythia beside Azure's raw client of Service Bus, on the stand-in of the testkit. */
final class ServiceBusBenchmark implements Suite {

    @Override
    public int messages() {
        return 200_000;
    }

    @Override
    public Comparison run(Plan plan) throws Exception {
        Comparison comparison = new Comparison(
                ServiceBusRun.class,
                "Service Bus, on the stand-in of the test kit; " + plan.messages()
                        + " messages of 256 bytes, beside Azure's client.");
        OwnServers.run(comparison, plan, () -> new Server(ServiceBusTestServer.createDirect()));
        return comparison;
    }

    private record Server(ServiceBusTestServer standIn) implements OwnServers.Server {
        @Override
        public String create(String queue) {
            standIn.createQueue(queue, QueueOptions.defaults());
            return standIn.connectionString();
        }

        @Override
        public void close() {
            standIn.close();
        }
    }
}
