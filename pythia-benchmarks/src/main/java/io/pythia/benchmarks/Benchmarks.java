package io.pythia.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Runs suites and writes what they found into {@code docs/performance.md}: see {@code ./benchmarks --help}. */
public final class Benchmarks {
    private static final Map<String, Suite> SUITES = new LinkedHashMap<>();

    static {
        SUITES.put("kafka", new KafkaBenchmark());
        SUITES.put("redis", new RedisBenchmark());
        SUITES.put("rabbitmq", new RabbitMQBenchmark());
        SUITES.put("http", new HttpBenchmark());
        SUITES.put("sqs", new AwsBenchmark());
        SUITES.put("pubsub", new PubSubBenchmark());
        SUITES.put("servicebus", new ServiceBusBenchmark());
        SUITES.put("storage-queue", new StorageQueueBenchmark());
        SUITES.put("cdc", new CdcBenchmark());
        SUITES.put("engine", new EngineSuite());
        SUITES.put("scale", new ScaleBenchmark());
        SUITES.put("start", new StartBenchmark());
    }

    private static final List<String> QUICK = List.of("kafka", "redis", "rabbitmq");
    /** A quick run has so many messages less. */
    private static final int QUICK_PART = 6;

    private static final String HELP =
            """
            usage: ./benchmarks [--quick] [--rounds N] [--messages N] [--server host:port] [--no-report] [suite ...]
              suites: %s; all of them if none is named
              --quick      one short round, by default of %s only, in under three minutes; no report
              --rounds     how often each variant runs, interleaved, each time in a JVM of its own (3)
              --messages   how many messages a run has (by suite); engine and start take no notice
              --server     a server that runs already, for one of %s; without it a suite starts its own
              --no-report  writes nothing into docs/performance.md and docs/performance/
            """.formatted(String.join(", ", SUITES.keySet()), String.join(", ", QUICK), withServer());

    private boolean quick;
    private boolean report = true;
    private int rounds = 3;
    private int messages;
    private @Nullable String server;
    private final List<String> names = new ArrayList<>();

    Benchmarks(String... args) {
        parse(args);
    }

    /** Runs the suites; the arguments are those of {@code ./benchmarks}. */
    public static void main(String[] args) throws Exception {
        if (List.of(args).contains("--help")) {
            System.out.print(HELP);
            return;
        }
        try {
            System.exit(new Benchmarks(args).run() ? 0 : 1);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + HELP);
            System.exit(2);
        }
    }

    private void parse(String[] args) {
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            switch (arg) {
                case "--quick" -> {
                    quick = true;
                    report = false;
                    rounds = 1;
                }
                case "--no-report" -> report = false;
                case "--rounds" -> rounds = number(args, ++i);
                case "--messages" -> messages = number(args, ++i);
                case "--server" -> server = value(args, ++i);
                default -> names.add(known(arg));
            }
        }
        if (server != null && (names.size() != 1 || !suite(names.get(0)).takesServer())) {
            throw new IllegalArgumentException("--server is for one of these: " + withServer());
        }
        if (names.isEmpty()) {
            names.addAll(quick ? QUICK : SUITES.keySet());
        }
    }

    private static Suite suite(String name) {
        return Objects.requireNonNull(SUITES.get(name));
    }

    /** Returns the names of the suites that can measure on a server that runs already. */
    private static String withServer() {
        return SUITES.keySet().stream()
                .filter(name -> suite(name).takesServer())
                .collect(Collectors.joining(", "));
    }

    private static String known(String name) {
        if (!SUITES.containsKey(name)) {
            throw new IllegalArgumentException("no suite is called '" + name + "'");
        }
        return name;
    }

    private static String value(String[] args, int index) {
        if (index == args.length) {
            throw new IllegalArgumentException(args[index - 1] + " needs a value");
        }
        return args[index];
    }

    private static int number(String[] args, int index) {
        String text = value(args, index);
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new IllegalArgumentException(args[index - 1] + " needs a number from 1 on, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    /** Returns whether all suites could be run; one that can't does not keep the others from it. */
    private boolean run() throws IOException {
        Report written = new Report(Path.of("docs"));
        boolean good = true;
        for (String name : names) {
            Suite suite = suite(name);
            int count = messages > 0 ? messages : quick ? suite.messages() / QUICK_PART : suite.messages();
            long started = System.nanoTime();
            System.err.printf("== %s (%d of %d)%n", name, names.indexOf(name) + 1, names.size());
            try {
                Result result = suite.run(new Suite.Plan(count, rounds, server));
                System.out.printf("## %s%n%n%s%n", name, result.markdown());
                if (report) {
                    written.replace(name, result, rounds);
                }
            } catch (Exception e) {
                System.err.printf("%s: not measured%n", name);
                e.printStackTrace();
                good = false;
            }
            System.err.printf(
                    "== %s took %d s%n",
                    name, Duration.ofNanos(System.nanoTime() - started).toSeconds());
        }
        return good;
    }
}
