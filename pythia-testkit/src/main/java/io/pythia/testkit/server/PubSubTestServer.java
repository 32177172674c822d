package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A server that speaks Google Pub/Sub's protocol, as a JVM of its own behind a proxy: Google's emulator, or the server of the module
 * {@code pythia-pubsub-server}, which keeps its state in a file and so can be killed and started again. Clients reach either without TLS
 * and without credentials.
 */
final class PubSubTestServer implements ProcessServer {
    private static final String OWN_SERVER = "io.pythia.pubsubserver.PubSubServer";
    private static final Duration START_LIMIT = Duration.ofSeconds(90);
    private static final Path EMULATOR = Path.of("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib");

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("pubsub");
    private final String kind;
    private final List<String> command;
    private final Predicate<String> ready;

    private PubSubTestServer(String kind, List<String> program, Predicate<String> ready) {
        this.kind = kind;
        this.command = java.util.stream.Stream.concat(java.util.stream.Stream.of(java(), "-Xmx256m"), program.stream())
                .map(word -> word.replace("{port}", Integer.toString(port))
                        .replace("{home}", process.home().toString()))
                .toList();
        this.ready = ready;
        start();
    }

    /** Starts the project's own server; it has no settings. */
    static PubSubTestServer own(Map<String, String> settings) {
        requireNone(settings);
        return new PubSubTestServer(
                "pythia-pubsub-server",
                List.of("-XX:+UseSerialGC", "-cp", NativeProcess.classPath(), OWN_SERVER, "{port}", "{home}/state"),
                printed -> printed.contains("Pub/Sub server started"));
    }

    /** Starts Google's emulator; it forgets everything when it ends, and has no settings. */
    static PubSubTestServer emulator(Map<String, String> settings) {
        requireNone(settings);
        return new PubSubTestServer(
                "Google's emulator",
                List.of("-jar", String.valueOf(emulatorJar()), "--host=127.0.0.1", "--port={port}"),
                printed -> printed.contains("Server started, listening on"));
    }

    private static void requireNone(Map<String, String> settings) {
        if (!settings.isEmpty()) {
            throw new IllegalArgumentException("a Pub/Sub test server has no settings");
        }
    }

    /** Says how to get the project's own server onto the class path; empty where it is there. */
    static Optional<String> ownIsMissing() {
        try {
            Class.forName(OWN_SERVER, false, PubSubTestServer.class.getClassLoader());
            return Optional.empty();
        } catch (ClassNotFoundException e) {
            return Optional.of("put the module pythia-pubsub-server on the class path of the tests");
        }
    }

    /** Says how to get the emulator; empty where it is there. */
    static Optional<String> emulatorIsMissing() {
        return emulatorJar() != null
                ? Optional.empty()
                : Optional.of("install Google's package google-cloud-cli-pubsub-emulator, or name the emulator's jar in"
                        + " PYTHIA_TEST_PUBSUB_EMULATOR");
    }

    private static @Nullable Path emulatorJar() {
        String given = System.getenv("PYTHIA_TEST_PUBSUB_EMULATOR");
        if (given != null) {
            return Path.of(given);
        }
        if (!Files.isDirectory(EMULATOR)) {
            return null;
        }
        try (var files = Files.list(EMULATOR)) {
            return files.filter(file -> file.toString().endsWith("-all.jar"))
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String java() {
        return ProcessHandle.current().info().command().orElse("java");
    }

    @Override
    public String origin() {
        return "process " + kind + " on port " + port;
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
        process.start(command, Map.of(), ready, START_LIMIT);
        proxy.up();
    }
}
