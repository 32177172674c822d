package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The queue service of Azurite, Microsoft's emulator of Azure Storage. Killed it may lose the last seconds, as it writes to its disk now and
 * then; stopped it loses nothing.
 */
public final class AzuriteTestServer implements ProcessServer {
    /** What the program's folder is named after; ./test installs the same. */
    private static final String VERSION = "3.37.0";

    private static final String PROGRAM = "azurite-queue";
    private static final String HOW_TO_GET =
            "install Azurite (npm install --prefix ~/.cache/pythia/azurite-" + VERSION + " azurite@" + VERSION + ")";
    private static final String ACCOUNT = "pythia";
    private static final String KEY = "cHl0aGlhLXRlc3Qta2V5LW9mLWF6dXJpdGUtb25seQ==";
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("azurite");
    private final Path program;
    private final boolean proxied;

    private AzuriteTestServer(boolean proxied) {
        this.proxied = proxied;
        this.program = program().orElseThrow(() -> new IllegalStateException("no Azurite here: " + HOW_TO_GET));
        start();
    }

    /** Starts a server of its own. It has no settings. */
    static AzuriteTestServer create(Map<String, String> settings) {
        return new AzuriteTestServer(true);
    }

    /** Starts a server that clients reach without the proxy: for benchmarks. */
    public static AzuriteTestServer createDirect() {
        return new AzuriteTestServer(false);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return program().isPresent() ? Optional.empty() : Optional.of(HOW_TO_GET);
    }

    private static Optional<Path> program() {
        Path installed = Path.of(
                System.getProperty("user.home"), ".cache", "pythia", "azurite-" + VERSION, "node_modules", ".bin");
        Stream<Path> onPath = Arrays.stream(
                        Objects.requireNonNullElse(System.getenv("PATH"), "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(Path::of);
        return Stream.concat(Stream.of(installed), onPath)
                .map(folder -> folder.resolve(PROGRAM))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Returns the environment by which the account of the tests is known. */
    static Map<String, String> environment() {
        return Map.of("AZURITE_ACCOUNTS", ACCOUNT + ":" + KEY);
    }

    /** Returns the connection string of a client of a server, whatever runs it. */
    public static String connectionString(TestServer server) {
        return connectionString(server.address(), KEY);
    }

    /** Returns a connection string with a key that is not the right one. */
    public static String wrongConnectionString(TestServer server) {
        return connectionString(server.address(), "d3Jvbmc=");
    }

    private static String connectionString(String address, String key) {
        return "DefaultEndpointsProtocol=http;AccountName=" + ACCOUNT + ";AccountKey=" + key + ";QueueEndpoint=http://"
                + address + "/" + ACCOUNT;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (proxied ? proxy.port() : port);
    }

    @Override
    public String origin() {
        return "process azurite on port " + port;
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
                List.of(
                        program.toString(),
                        "--queueHost",
                        "127.0.0.1",
                        "--queuePort",
                        Integer.toString(port),
                        "--location",
                        process.home().resolve("data").toString(),
                        "--silent",
                        "--disableTelemetry",
                        "--skipApiVersionCheck"),
                environment(),
                printed -> printed.contains("successfully listens"),
                START_LIMIT);
        proxy.up();
    }
}
