package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * ElasticMQ, a server of the protocol of Amazon SQS, in a JVM of its own. Any credentials do; the URL of a queue is
 * {@code http://address/000000000000/name}. With the setting {@code durable=true} queues and messages outlive a kill: they are in a database
 * that is another process, since a database in the same process now and then loses what it has confirmed last. That makes it slow.
 */
public final class SqsTestServer implements ProcessServer {
    private static final ServerClassPath CLASS_PATH = new ServerClassPath(
            "elasticmq", "pythia-cloud/pythia-elasticmq-server", "org.elasticmq:elasticmq-server_2.13");
    static final String DURABLE = "durable";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Pattern QUEUE =
            Pattern.compile("(Creating queue CreateQueueData\\(|Deleting queue )([\\w.-]+)");

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("elasticmq");
    /** Null for a server that keeps nothing. */
    private final @Nullable NativeProcess database;

    private final List<String> command;

    private final int clientPort;

    private SqsTestServer(boolean durable, boolean direct) {
        clientPort = direct ? port : proxy.port();
        String classPath = CLASS_PATH.find().orElseThrow(() -> new IllegalStateException(CLASS_PATH.howToGet()));
        int databasePort = Ports.free();
        database = durable ? startDatabase(classPath, databasePort) : null;
        try {
            Files.writeString(process.home().resolve("elasticmq.conf"), settings(databasePort));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> words = new ArrayList<>(ServerClassPath.java(process.home(), classPath, 256));
        words.add(1, "-Dconfig.file=elasticmq.conf");
        words.add("org.elasticmq.server.Main");
        command = List.copyOf(words);
        start();
    }

    private static NativeProcess startDatabase(String classPath, int port) {
        NativeProcess h2 = new NativeProcess("h2");
        List<String> words = new ArrayList<>(ServerClassPath.java(h2.home(), classPath, 256));
        words.add(1, "-Dh2.bindAddress=127.0.0.1");
        words.addAll(List.of("org.h2.tools.Server", "-tcp", "-tcpPort", Integer.toString(port), "-ifNotExists"));
        h2.start(words, Map.of(), printed -> printed.contains("TCP server running"), START_LIMIT);
        return h2;
    }

    /** Starts a server of its own; the only setting is {@code durable}. */
    public static SqsTestServer create(Map<String, String> settings) {
        if (!Set.of(DURABLE).containsAll(settings.keySet())) {
            throw new IllegalArgumentException(
                    "the only setting is durable, but these were given: " + settings.keySet());
        }
        return new SqsTestServer(Boolean.parseBoolean(settings.get(DURABLE)), false);
    }

    /** Starts a server of its own that clients reach without the proxy and that keeps nothing: for benchmarks. */
    public static SqsTestServer createDirect() {
        return new SqsTestServer(false, true);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return CLASS_PATH.missing();
    }

    private String settings(int databasePort) {
        return String.join(
                "\n",
                "include classpath(\"application.conf\")",
                "node-address { protocol = http, host = \"127.0.0.1\", port = " + clientPort + " }",
                "rest-sqs { bind-hostname = \"127.0.0.1\", bind-port = " + port + ", sqs-limits = strict }",
                "rest-stats { enabled = false }",
                "messages-storage { enabled = " + (database != null) + ", uri = \"jdbc:h2:tcp://127.0.0.1:"
                        + databasePort + "/mem:sqs;DB_CLOSE_DELAY=-1\" }",
                "");
    }

    /** Returns the server's own port, which clients reach without the proxy. */
    public int port() {
        return port;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + clientPort;
    }

    @Override
    public String origin() {
        return "process elasticmq on port " + port;
    }

    @Override
    public NativeProcess process() {
        return process;
    }

    @Override
    public FaultProxy proxy() {
        return proxy;
    }

    /** Starts it, and waits until it has its queues again: it takes requests before that, and says that there are none. */
    @Override
    public void start() {
        Set<String> queues = database == null ? Set.of() : queues();
        process.start(
                command,
                Map.of(),
                printed -> printed.contains("Started SQS rest server")
                        && queues.stream().allMatch(queue -> printed.contains("messages in queue " + queue + "\n")),
                START_LIMIT);
        proxy.up();
    }

    /** Returns the queues that there were when it ended, by what it has printed. */
    private Set<String> queues() {
        Set<String> queues = new HashSet<>();
        try (Stream<String> lines = Files.exists(process.log())
                ? Files.lines(process.log(), StandardCharsets.ISO_8859_1)
                : Stream.empty()) {
            lines.map(QUEUE::matcher).filter(Matcher::find).forEach(found -> {
                if (found.group(1).startsWith("Creating")) {
                    queues.add(found.group(2));
                } else {
                    queues.remove(found.group(2));
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return queues;
    }

    @Override
    public void close() {
        ProcessServer.super.close();
        if (database != null) {
            database.close();
        }
    }
}
