package io.pythia.testkit.server;

import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ElasticMQ, a server of the protocol of Amazon SQS, in a JVM of its own. Queues and messages outlive a kill. Any credentials do; the URL of
 * a queue is {@code http://address/000000000000/name}.
 */
public final class SqsTestServer implements ProcessServer {
    private static final ServerClassPath CLASS_PATH = new ServerClassPath(
            "elasticmq", "pythia-cloud/pythia-elasticmq-server", "org.elasticmq:elasticmq-server_2.13");
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final int port = NativeProcess.freePort();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("elasticmq");
    private final List<String> command;

    private final boolean durable;

    private SqsTestServer(boolean durable) {
        this.durable = durable;
        String classPath = CLASS_PATH.find().orElseThrow(() -> new IllegalStateException(CLASS_PATH.howToGet()));
        try {
            Files.writeString(process.home().resolve("elasticmq.conf"), settings());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> words = new ArrayList<>(ServerClassPath.java(process.home(), classPath, 256));
        words.add(1, "-Dconfig.file=elasticmq.conf");
        words.add("org.elasticmq.server.Main");
        command = List.copyOf(words);
        start();
    }

    /** Starts a server of its own; there are no settings. */
    public static SqsTestServer create(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException("there are no settings, but these were given: " + settings.keySet());
        }
        return new SqsTestServer(true);
    }

    /** Starts a server of its own that clients reach without the proxy and that keeps nothing: for benchmarks. */
    public static SqsTestServer createDirect() {
        return new SqsTestServer(false);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return CLASS_PATH.missing();
    }

    private String settings() {
        return String.join(
                "\n",
                "include classpath(\"application.conf\")",
                "node-address { protocol = http, host = \"127.0.0.1\", port = " + (durable ? proxy.port() : port)
                        + " }",
                "rest-sqs { bind-hostname = \"127.0.0.1\", bind-port = " + port + ", sqs-limits = strict }",
                "rest-stats { enabled = false }",
                "queues-storage { enabled = " + durable + ", path = \""
                        + process.home().resolve("queues.conf") + "\" }",
                "messages-storage { enabled = " + durable + ", uri = \"jdbc:h2:"
                        // Otherwise what was answered in the last half second would not outlive a kill.
                        + process.home().resolve("messages") + ";WRITE_DELAY=0\" }",
                "");
    }

    /** Returns the server's own port, which clients reach without the proxy. */
    public int port() {
        return port;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (durable ? proxy.port() : port);
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

    @Override
    public void start() {
        process.start(command, Map.of(), printed -> printed.contains("Started SQS rest server"), START_LIMIT);
        proxy.up();
    }
}
