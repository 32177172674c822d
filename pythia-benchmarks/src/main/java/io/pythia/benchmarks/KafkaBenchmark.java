package io.pythia.benchmarks;

import io.pythia.testkit.server.KafkaTestServer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * Pythia beside the raw Kafka client in one run: {@code KafkaBenchmark [messages] [rounds] [bootstrap servers]}. Rounds are interleaved
 * and each run has a JVM of its own, so that a noisy machine disturbs both sides alike; ratios of medians are what counts.
 */
public final class KafkaBenchmark {
    private static final int LATENCY_MESSAGES = 10_000;

    private final String servers;
    private final int messages;
    private final int rounds;
    private final Comparison comparison = new Comparison(KafkaRun.class);

    private KafkaBenchmark(String servers, int messages, int rounds) {
        this.servers = servers;
        this.messages = messages;
        this.rounds = rounds;
    }

    /** Runs all variants and prints a table in Markdown. */
    public static void main(String[] args) throws Exception {
        int messages =
                args.length > 0 ? Integer.parseInt(args[0]) : 3_000_000; // less, and the compiler is what is measured
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        if (args.length > 2) {
            new KafkaBenchmark(args[2], messages, rounds).run();
            return;
        }
        try (KafkaTestServer server = KafkaTestServer.createDirect(Map.of())) {
            new KafkaBenchmark(server.address(), messages, rounds).run();
        }
    }

    private void run() throws Exception {
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
        comparison.print(messages + " messages of 256 bytes, " + rounds + " rounds");
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
