package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.KafkaTestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.ToDoubleFunction;
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
    private final Map<String, List<Outcome>> outcomes = new LinkedHashMap<>();

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
        print();
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

    private void measure(String variant, String topic, int count) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElse("java"),
                        "-Xms1g",
                        "-Xmx1g",
                        "-XX:+UseParallelGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KafkaRun.class.getName(),
                        variant,
                        servers,
                        topic,
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String result = null;
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                result = line.startsWith("RESULT") ? line : result;
            }
        }
        if (process.waitFor() != 0 || result == null) {
            throw new IllegalStateException(variant + " failed with exit code " + process.exitValue());
        }
        Outcome outcome = Outcome.parse(result);
        System.err.printf(
                Locale.ROOT,
                "  %-15s %12.0f %10.2f %10.1f%n",
                variant,
                outcome.first(),
                outcome.second(),
                outcome.third());
        outcomes.computeIfAbsent(variant, v -> new ArrayList<>()).add(outcome);
    }

    private void print() {
        System.out.printf(
                "%d messages of 256 bytes, %d rounds, medians (min to max), JDK %s%n%n",
                messages, rounds, Runtime.version().feature());
        System.out.println("| | raw | Pythia | ratio |");
        System.out.println("|---|---|---|---|");
        row("produce, messages/s", "produce", Outcome::first);
        row("produce, CPU µs per message", "produce", Outcome::second);
        row("produce, bytes per message", "produce", Outcome::third);
        row("consume, messages/s", "consume", Outcome::first);
        row("consume, CPU µs per message", "consume", Outcome::second);
        row("consume, bytes per message", "consume", Outcome::third);
        row("latency p50, µs", "latency", Outcome::first);
        row("latency p99, µs", "latency", Outcome::second);
    }

    private void row(String label, String what, ToDoubleFunction<Outcome> figure) {
        double[] raw = sorted("raw-" + what, figure);
        double[] pythia = sorted("pythia-" + what, figure);
        System.out.printf(
                Locale.ROOT, "| %s | %s | %s | %.2f |%n", label, text(raw), text(pythia), median(pythia) / median(raw));
    }

    private double[] sorted(String variant, ToDoubleFunction<Outcome> figure) {
        return outcomes.getOrDefault(variant, List.of()).stream()
                .mapToDouble(figure)
                .sorted()
                .toArray();
    }

    private static double median(double[] sorted) {
        return sorted[sorted.length / 2];
    }

    private static String text(double[] sorted) {
        String format = median(sorted) < 100 ? "%.2f (%.2f to %.2f)" : "%,.0f (%,.0f to %,.0f)";
        return String.format(Locale.ROOT, format, median(sorted), sorted[0], sorted[sorted.length - 1]);
    }
}
