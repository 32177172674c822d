package io.pythia.benchmarks;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.RabbitTestServer;

/** Pythia beside the raw amqp-client. */
final class RabbitMQBenchmark implements Suite {
    private static final int LATENCY_MESSAGES = 10_000;

    @Override
    public int messages() {
        return 200_000;
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
        try (RabbitTestServer server = RabbitTestServer.createDirect()) {
            return new Run(plan, server.address()).run();
        }
    }

    private static final class Run {
        private final String host;
        private final String port;
        private final int messages;
        private final int rounds;
        private final Comparison comparison;

        Run(Plan plan, String address) {
            int colon = address.lastIndexOf(':');
            this.host = address.substring(0, colon);
            this.port = address.substring(colon + 1);
            this.messages = plan.messages();
            this.rounds = plan.rounds();
            this.comparison = new Comparison(
                    RabbitMQRun.class,
                    "RabbitMQ, a durable classic queue; " + messages
                            + " persistent messages of 256 bytes. Produce: every send"
                            + " confirmed, 5,000 at most unconfirmed. Consume: prefetch 250, the raw consumer acknowledges each message.");
        }

        Comparison run() throws Exception {
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                // Both consumers read what the raw producer sent, since properties cost whoever reads them; who begins
                // changes.
                for (String side : round % 2 == 1 ? new String[] {"raw", "pythia"} : new String[] {"pythia", "raw"}) {
                    String queue = "bench-" + side + "-" + round + "-" + System.nanoTime();
                    declare(queue);
                    measure(side + "-produce", queue, messages);
                    if (!side.equals("raw")) {
                        purge(queue);
                        measure("raw-produce", queue, messages);
                    }
                    measure(side + "-consume", queue, messages);
                    purge(queue);
                    measure(side + "-latency", queue, LATENCY_MESSAGES);
                    delete(queue);
                }
            }
            comparison.consume(Goal.atLeast(1.10));
            comparison.produce(Goal.atLeast(0.95));
            comparison.latency();
            return comparison;
        }

        private void measure(String variant, String queue, int count) throws Exception {
            comparison.measure(variant, host, port, queue, Integer.toString(count));
        }

        private interface Work {
            void with(Channel channel) throws Exception;
        }

        private void declare(String queue) throws Exception {
            on(channel -> channel.queueDeclare(queue, true, false, false, null));
        }

        private void purge(String queue) throws Exception {
            on(channel -> channel.queuePurge(queue));
        }

        private void delete(String queue) throws Exception {
            on(channel -> channel.queueDelete(queue));
        }

        private void on(Work work) throws Exception {
            ConnectionFactory factory = new ConnectionFactory();
            factory.setHost(host);
            factory.setPort(Integer.parseInt(port));
            try (Connection connection = factory.newConnection();
                    Channel channel = connection.createChannel()) {
                work.with(channel);
            }
        }
    }
}
