package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A real Kafka broker in KRaft mode: broker and controller in one JVM of its own. All traffic, the brokers' addresses that clients learn
 * included, goes through the proxy.
 */
public final class KafkaTestServer implements ProcessServer {
    private static final ServerClassPath CLASS_PATH =
            new ServerClassPath("kafka", "pythia-kafka-server", "org.apache.kafka:kafka_2.13");
    static final String CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final int port = Ports.free();
    private final int controllerPort = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("kafka");
    private final List<String> java;
    private final List<String> command;
    private final boolean proxied;

    private KafkaTestServer(String classPath, Map<String, String> extra, boolean proxied) {
        this.proxied = proxied;
        try {
            Path data = Files.createDirectories(process.home().resolve("data"));
            Files.writeString(process.home().resolve("server.properties"), properties(data, extra));
            java = new ArrayList<>(ServerClassPath.java(process.home(), classPath, 320));
            java.add(1, "-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
            format();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        command = new ArrayList<>(java);
        command.addAll(List.of("kafka.Kafka", "server.properties"));
        start();
    }

    /** Starts a broker of its own, with settings of the broker in addition. */
    public static KafkaTestServer create(Map<String, String> extra) {
        return new KafkaTestServer(requiredClassPath(), extra, true);
    }

    /** Starts a broker of its own that clients reach without the proxy: for benchmarks. */
    public static KafkaTestServer createDirect(Map<String, String> extra) {
        return new KafkaTestServer(requiredClassPath(), extra, false);
    }

    private static String requiredClassPath() {
        return CLASS_PATH.find().orElseThrow(() -> new IllegalStateException(CLASS_PATH.howToGet()));
    }

    /** Says how to get what is missing here for a broker; empty where one can be started. */
    static Optional<String> missing() {
        return CLASS_PATH.missing();
    }

    /** Writes the first records of the cluster: without them the newer features, the group protocol among them, are off. */
    private void format() throws IOException {
        List<String> words = new ArrayList<>(java);
        words.addAll(List.of("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", "server.properties"));
        Process tool = new ProcessBuilder(words)
                .directory(process.home().toFile())
                .redirectErrorStream(true)
                .redirectOutput(process.home().resolve("format.log").toFile())
                .start();
        try {
            if (!tool.waitFor(START_LIMIT.toSeconds(), TimeUnit.SECONDS) || tool.exitValue() != 0) {
                tool.destroyForcibly();
                throw new IllegalStateException("could not format the storage: "
                        + Files.readString(process.home().resolve("format.log")));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while formatting the storage", e);
        }
    }

    private String properties(Path data, Map<String, String> extra) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("process.roles", "broker,controller");
        all.put("node.id", "1");
        all.put("controller.quorum.voters", "1@127.0.0.1:" + controllerPort);
        all.put("listeners", "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        all.put("advertised.listeners", "PLAINTEXT://" + address());
        all.put("controller.listener.names", "CONTROLLER");
        all.put("log.dirs", data.toString());
        all.putAll(settings(extra));
        return all.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining("\n", "", "\n"));
    }

    /** Returns the settings of a single broker that starts again and rebalances quickly, and what a test wants in addition. */
    static Map<String, String> settings(Map<String, String> extra) {
        Map<String, String> all = new LinkedHashMap<>();
        for (String topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            all.put(topic + ".replication.factor", "1");
            all.put(topic + ".num.partitions", "1");
        }
        all.put("transaction.state.log.min.isr", "1");
        all.put("share.coordinator.state.topic.min.isr", "1");
        // After a SIGKILL the controller keeps the dead registration that long.
        all.put("broker.session.timeout.ms", "2000");
        all.put("broker.heartbeat.interval.ms", "400");
        all.put("group.initial.rebalance.delay.ms", "0");
        all.put("group.min.session.timeout.ms", "1000");
        all.put("auto.create.topics.enable", "false");
        all.put("log.cleaner.enable", "false");
        all.put("num.network.threads", "2");
        all.put("num.io.threads", "2");
        all.putAll(extra);
        return all;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (proxied ? proxy.port() : port);
    }

    @Override
    public String origin() {
        return "process kafka on port " + port;
    }

    @Override
    public NativeProcess process() {
        return process;
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    @Override
    public void start() {
        process.start(command, Map.of(), printed -> printed.contains("Kafka Server started"), START_LIMIT);
        proxy.up();
    }
}
