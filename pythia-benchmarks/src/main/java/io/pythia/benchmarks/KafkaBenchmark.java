package io.pythia.benchmarks;

import io.pythia.benchmarks.Row.Goal;
import io.pythia.testkit.server.KafkaTestServer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** Pythia beside the raw Kafka client. */
final class KafkaBenchmark implements Suite {
    private static final int LATENCY_MESSAGES = 10_000;

    @Override
    public int messages() {
        return 3_000_000; // less, and the compiler is what is measured
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
        try (KafkaTestServer server = KafkaTestServer.createDirect(Map.of())) {
            return new Run(plan, server.address()).run();
        }
    }

    private static final class Run {
        private final String servers;
        private final int messages;
        private final int rounds;
        private final Comparison comparison;

        Run(Plan plan, String servers) {
            this.servers = servers;
            this.messages = plan.messages();
            this.rounds = plan.rounds();
            this.comparison = new Comparison(
                    KafkaRun.class,
                    "Kafka, a topic of four partitions; " + messages
                            + " messages of 256 bytes. Produce: `acks=all`, 20,000 sends at"
                            + " most without an answer. Consume: every message acknowledged, the raw loop commits after each poll.");
        }

        Comparison run() throws Exception {
            String filled = "bench-" + System.currentTimeMillis();
            create(filled, 4);
            for (int round = 1; round <= rounds; round++) {
                System.err.printf("round %d of %d%n", round, rounds);
                // What the consumers read was written by the producers' runs: 2 x 1.25 x messages.
                produce("raw-produce", round == 1 ? filled : scratch());
                produce("pythia-produce", round == 1 ? filled : scratch());
                measure("raw-consume", filled, messages);
                measure("pythia-consume", filled, messages);
                measure("raw-latency", scratch(), LATENCY_MESSAGES);
                measure("pythia-latency", scratch(), LATENCY_MESSAGES);
            }
            comparison.consume(Goal.atLeast(0.95));
            comparison.produce(Goal.atLeast(0.95));
            comparison.latency();
            return comparison;
        }

        private void measure(String variant, String topic, int count) throws Exception {
            comparison.measure(variant, servers, topic, Integer.toString(count));
        }

        private void produce(String variant, String topic) throws Exception {
            measure(variant, topic, messages);
            if (topic.startsWith("scratch")) {
                try (Admin admin = admin()) {
                    admin.deleteTopics(List.of(topic)).all().get();
                }
            }
        }

        private String scratch() throws Exception {
            String topic = "scratch-" + System.nanoTime();
            create(topic, 4);
            return topic;
        }

        private void create(String topic, int partitions) throws Exception {
            try (Admin admin = admin()) {
                admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                        .all()
                        .get();
            }
        }

        private Admin admin() {
            Properties properties = new Properties();
            properties.put("bootstrap.servers", servers);
            return Admin.create(properties);
        }
    }
}
