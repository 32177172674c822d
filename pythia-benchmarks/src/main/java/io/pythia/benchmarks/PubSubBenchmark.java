package io.pythia.benchmarks;

import io.pythia.testkit.server.TestServer;
import io.pythia.testkit.server.TestServers;

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
                        + " messages of 256 bytes, beside Google's `Publisher` and `Subscriber`.");
        OwnServers.run(comparison, plan, () -> new Server(TestServers.newPubSub()));
        return comparison;
    }

    private record Server(TestServer server) implements OwnServers.Server {
        @Override
        public String create(String queue) {
            return server.address();
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
