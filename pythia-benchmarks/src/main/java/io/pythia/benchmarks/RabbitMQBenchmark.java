package io.pythia.benchmarks;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import io.pythia.testkit.server.RabbitTestServer;

/**
 * Pythia beside the raw amqp-client in one run: {@code RabbitMQBenchmark [messages] [rounds] [host:port]}. Rounds are interleaved and each
 * run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of medians are what counts.
 */
public final class RabbitMQBenchmark {
    private static final int LATENCY_MESSAGES = 10_000;

    private final String host;
    private final String port;
    private final int messages;
    private final int rounds;
    private final Comparison comparison = new Comparison(RabbitMQRun.class);

    private RabbitMQBenchmark(String address, int messages, int rounds) {
        int colon = address.lastIndexOf(':');
        this.host = address.substring(0, colon);
        this.port = address.substring(colon + 1);
        this.messages = messages;
        this.rounds = rounds;
    }

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int messages = args.length > 0 ? Integer.parseInt(args[0]) : 200_000;
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        if (args.length > 2) {
            new RabbitMQBenchmark(args[2], messages, rounds).run();
            return;
        }
        try (RabbitTestServer server = RabbitTestServer.createDirect()) {
            new RabbitMQBenchmark(server.address(), messages, rounds).run();
        }
    }

    private void run() throws Exception {
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
        comparison.print(messages + " messages of 256 bytes, " + rounds + " rounds");
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
