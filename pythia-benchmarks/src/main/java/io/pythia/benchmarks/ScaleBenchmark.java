package io.pythia.benchmarks;

import io.pythia.benchmarks.Measurement.Outcome;
import io.pythia.testkit.server.KafkaTestServer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/** What a message costs behind a short and a long backlog, and what consumers cost that have nothing to do. */
final class ScaleBenchmark implements Suite {
    private static final int[] BACKLOGS = {1_000, 10_000, 100_000, 1_000_000};
    private static final int[] CONSUMERS = {1, 10, 100, 1_000};
    /** Virtual threads where the JDK has them. */
    private static final List<String> THREADS =
            Runtime.version().feature() >= 21 ? List.of("", ScaleRun.VIRTUAL) : List.of("");
    /** So many that what one of them costs is more than the noise of a JVM. */
    private static final int IDLE = 1_000;

    @Override
    public int messages() {
        return 10_000_000; // Kafka's long backlog
    }

    @Override
    public Result run(Plan plan) throws Exception {
        Comparison comparison = new Comparison(ScaleRun.class, "");
        for (int round = 1; round <= plan.rounds(); round++) {
            System.err.printf("round %d of %d%n", round, plan.rounds());
            for (int backlog : BACKLOGS) {
                comparison.measureAs("backlog-" + backlog, "pythia-backlog", Integer.toString(backlog));
            }
            for (String kind : THREADS) {
                comparison.measure("pythia-idle" + kind, Integer.toString(IDLE));
                for (int consumers : CONSUMERS) {
                    comparison.measureAs("busy-" + consumers + kind, "pythia-busy" + kind, Integer.toString(consumers));
                }
            }
        }
        StringBuilder text = new StringBuilder();
        backlogs(text, comparison);
        kafka(text, plan);
        consumers(text, comparison);
        return text::toString;
    }

    private static void backlogs(StringBuilder text, Comparison comparison) {
        text.append(
                "Backlogs of the embedded broker, a million messages in all, consumed one after the other by code that is warm:\n\n"
                        + "| messages | CPU µs per message | bytes per message |\n|---|---|---|\n");
        for (int backlog : BACKLOGS) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %,d | %.2f | %,.0f |%n",
                    backlog,
                    comparison.median("backlog-" + backlog, Outcome::second),
                    comparison.median("backlog-" + backlog, Outcome::third)));
        }
    }

    /** The same consumers before a short and a long backlog of a real broker. */
    private static void kafka(StringBuilder text, Plan plan) throws Exception {
        int most = plan.messages();
        Comparison comparison = new Comparison(KafkaRun.class, "");
        int[] backlogs = {most / 10, most};
        try (KafkaTestServer server = KafkaTestServer.createDirect(Map.of())) {
            String servers = server.address();
            Properties properties = new Properties();
            properties.put("bootstrap.servers", servers);
            try (Admin admin = Admin.create(properties)) {
                NewTopic topic = new NewTopic("backlog", Optional.of(4), Optional.empty());
                admin.createTopics(List.of(topic)).all().get();
            }
            comparison.measure("raw-produce", servers, "backlog", Integer.toString(most));
            for (int backlog : backlogs) {
                for (String side : List.of("raw", "pythia")) {
                    comparison.measureAs(
                            side + "-" + backlog, side + "-consume", servers, "backlog", Integer.toString(backlog));
                }
            }
        }
        text.append("\nA backlog of Kafka:\n\n"
                + "| messages | raw client, CPU µs per message | Pythia, CPU µs per message | Pythia, bytes per message |\n"
                + "|---|---|---|---|\n");
        for (int backlog : backlogs) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %,d | %.2f | %.2f | %,.0f |%n",
                    backlog,
                    comparison.median("raw-" + backlog, Outcome::second),
                    comparison.median("pythia-" + backlog, Outcome::second),
                    comparison.median("pythia-" + backlog, Outcome::third)));
        }
    }

    private static void consumers(StringBuilder text, Comparison comparison) {
        text.append(
                "\nConsumers of the embedded broker in one process that share a million messages out among themselves, each from a topic of"
                        + " its own:\n\n| consumers | threads | CPU µs per message | bytes per message |\n|---|---|---|---|\n");
        for (String kind : THREADS) {
            for (int consumers : CONSUMERS) {
                text.append(String.format(
                        Locale.ROOT,
                        "| %,d | %s | %.2f | %,.0f |%n",
                        consumers,
                        name(kind),
                        comparison.median("busy-" + consumers + kind, Outcome::second),
                        comparison.median("busy-" + consumers + kind, Outcome::third)));
            }
        }
        text.append(String.format(Locale.ROOT, "%n%,d consumers that wait for messages, each:%n%n", IDLE));
        text.append("| on | platform threads | KiB of heap | CPU µs per second |\n|---|---|---|---|\n");
        for (String kind : THREADS) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s threads | %.2f | %.1f | %.0f |%n",
                    name(kind),
                    comparison.median("pythia-idle" + kind, Outcome::first),
                    comparison.median("pythia-idle" + kind, Outcome::third) / 1024,
                    comparison.median("pythia-idle" + kind, Outcome::second)));
        }
    }

    private static String name(String kind) {
        return kind.isEmpty() ? "platform" : "virtual";
    }
}
