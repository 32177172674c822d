package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * fauxqs, a server of the protocols of Amazon SNS and SQS that copies from topics to queues, as a process of Node. It keeps nothing when it
 * is killed. Any credentials do.
 */
public final class SnsTestServer implements ProcessServer {
    private static final String PROGRAM = ".servers/node_modules/fauxqs/dist/cli.js";
    private static final String OWN_NODE = ".servers/node_modules/node/bin/node";
    private static final String HOW_TO_GET =
            "run ./test, which installs fauxqs with npm, or: npm install --prefix .servers fauxqs@2.4.1 node@22";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("fauxqs");
    private final List<String> command;

    private SnsTestServer(String node, Path program) {
        command = List.of(node, program.toString());
        start();
    }

    /** Starts a server of its own; there are no settings. */
    public static SnsTestServer create(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException("there are no settings, but these were given: " + settings.keySet());
        }
        String node = node();
        Path program = ServerClassPath.inProject(PROGRAM).orElse(null);
        if (node == null || program == null) {
            throw new IllegalStateException(HOW_TO_GET);
        }
        return new SnsTestServer(node, program);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return node() != null && ServerClassPath.inProject(PROGRAM).isPresent()
                ? Optional.empty()
                : Optional.of(HOW_TO_GET);
    }

    /** Returns a Node that is new enough for {@code node:sqlite}: the one beside the server, or that of the path. */
    private static @Nullable String node() {
        Optional<Path> own = ServerClassPath.inProject(OWN_NODE).filter(Files::isExecutable);
        return own.isPresent() ? own.get().toString() : isNewEnough("node") ? "node" : null;
    }

    private static boolean isNewEnough(String node) {
        try {
            Process asked = new ProcessBuilder(node, "-e", "require('node:sqlite')")
                    .redirectErrorStream(true)
                    .start();
            return asked.waitFor(30, TimeUnit.SECONDS) && asked.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public String origin() {
        return "process fauxqs on port " + port;
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
        process.start(
                command,
                Map.of("FAUXQS_PORT", Integer.toString(port), "FAUXQS_HOST", "127.0.0.1"),
                printed -> printed.contains("listening") || printed.contains("Server listening"),
                START_LIMIT);
        proxy.up();
    }
}
