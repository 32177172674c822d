package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
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
import java.util.stream.Stream;

/**
 * A real RabbitMQ with ports, folders, a cookie and a port mapper of its own: what runs on the machine otherwise is not touched. User and
 * password are {@code guest}.
 */
public final class RabbitTestServer implements ProcessServer {
    private static final String HOW_TO_GET =
            "install a broker that is not started (Debian, Ubuntu: apt-get install rabbitmq-server)";
    private static final String ADVANCED = "advanced.";
    private static final Path LIBRARY = Path.of("/usr/lib/rabbitmq/lib");
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(1);

    private final int port = Ports.free();
    private final int tlsPort = Ports.free();
    private final int distributionPort = Ports.free();
    private final int mapperPort = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess mapper = new NativeProcess("epmd");
    private final NativeProcess process = new NativeProcess("rabbitmq");
    private final Path sbin;
    private final boolean proxied;

    private RabbitTestServer(Map<String, String> settings, boolean proxied) {
        this.proxied = proxied;
        this.sbin = sbin().orElseThrow(() -> new IllegalStateException("no RabbitMQ here: " + HOW_TO_GET));
        try {
            Path home = process.home();
            Files.writeString(home.resolve("rabbitmq.conf"), configuration(settings));
            Files.writeString(home.resolve("advanced.config"), advanced(settings));
            Files.writeString(home.resolve("enabled_plugins"), "[].\n");
            Files.createDirectories(home.resolve("mnesia"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
    }

    /**
     * Starts a broker.
     *
     * @param settings lines of {@code rabbitmq.conf} in addition; what begins with {@code advanced.} goes into {@code advanced.config}, as a
     *     setting of the application {@code rabbit} with an Erlang term
     */
    public static RabbitTestServer create(Map<String, String> settings) {
        return new RabbitTestServer(settings, true);
    }

    /** Starts a broker that clients reach without the proxy: for benchmarks. */
    public static RabbitTestServer createDirect() {
        return new RabbitTestServer(Map.of(), false);
    }

    /**
     * Returns the settings of a broker that also speaks TLS, on {@link #tlsPort()}.
     *
     * @param ca the authority whose client certificates it takes, PEM
     * @param certificate its certificate, PEM
     * @param key its key, PEM
     * @param clientCertificate whether a client must have a certificate; it may in any case
     */
    public static Map<String, String> tls(Path ca, Path certificate, Path key, boolean clientCertificate) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("ssl_options.cacertfile", ca.toAbsolutePath().toString());
        settings.put("ssl_options.certfile", certificate.toAbsolutePath().toString());
        settings.put("ssl_options.keyfile", key.toAbsolutePath().toString());
        settings.put("ssl_options.verify", "verify_peer");
        settings.put("ssl_options.fail_if_no_peer_cert", Boolean.toString(clientCertificate));
        return settings;
    }

    /** Says how to get what is missing here for a broker; empty where one can be started. */
    static Optional<String> missing() {
        return sbin().isPresent() ? Optional.empty() : Optional.of(HOW_TO_GET);
    }

    /** The folder of the programs themselves: those in /usr/sbin change the user and touch the system's broker. */
    private static Optional<Path> sbin() {
        if (!Files.isDirectory(LIBRARY)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(LIBRARY)) {
            return versions.map(version -> version.resolve("sbin"))
                    .filter(folder -> Files.isExecutable(folder.resolve("rabbitmq-server")))
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String configuration(Map<String, String> extra) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("loopback_users", "none");
        all.put("listeners.tcp.1", "127.0.0.1:" + port);
        if (extra.containsKey("ssl_options.certfile")) {
            all.put("listeners.ssl.1", "127.0.0.1:" + tlsPort);
        }
        all.put("log.console", "true");
        all.put("log.console.level", "info");
        all.put("log.file", "false");
        all.put("vm_memory_high_watermark.absolute", "1GB");
        all.put("disk_free_limit.absolute", "50MB");
        all.putAll(extra);
        return all.entrySet().stream()
                .filter(e -> !e.getKey().startsWith(ADVANCED))
                .map(e -> e.getKey() + " = " + e.getValue())
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String advanced(Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(e -> e.getKey().startsWith(ADVANCED))
                .map(e -> "{" + e.getKey().substring(ADVANCED.length()) + ", " + e.getValue() + "}")
                .collect(Collectors.joining(", ", "[{rabbit, [", "]}].\n"));
    }

    private String nodeName() {
        return "pythia" + port + "@localhost";
    }

    private Map<String, String> environment() {
        Path home = process.home();
        Map<String, String> all = new LinkedHashMap<>();
        all.put("HOME", home.toString());
        all.put("LANG", "C.UTF-8");
        all.put("ERL_EPMD_PORT", Integer.toString(mapperPort));
        all.put("ERL_EPMD_ADDRESS", "127.0.0.1");
        all.put("ERL_CRASH_DUMP_SECONDS", "0");
        // Runs the virtual machine in place of the script, so that signals reach it.
        all.put("RUNNING_UNDER_SYSTEMD", "true");
        all.put("RABBITMQ_CONF_ENV_FILE", "/dev/null");
        all.put("RABBITMQ_NODENAME", nodeName());
        all.put("RABBITMQ_NODE_PORT", Integer.toString(port));
        all.put("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1");
        all.put("RABBITMQ_DIST_PORT", Integer.toString(distributionPort));
        all.put("RABBITMQ_LOGS", "-");
        all.put("RABBITMQ_LOG_BASE", home.toString());
        all.put("RABBITMQ_MNESIA_BASE", home.resolve("mnesia").toString());
        all.put("RABBITMQ_CONFIG_FILE", home.resolve("rabbitmq.conf").toString());
        all.put("RABBITMQ_ADVANCED_CONFIG_FILE", home.resolve("advanced.config").toString());
        all.put("RABBITMQ_ENABLED_PLUGINS_FILE", home.resolve("enabled_plugins").toString());
        all.put("RABBITMQ_GENERATED_CONFIG_DIR", home.resolve("generated").toString());
        all.put("RABBITMQ_PLUGINS_EXPAND_DIR", home.resolve("plugins").toString());
        all.put("RABBITMQ_FEATURE_FLAGS_FILE", home.resolve("feature_flags").toString());
        all.put("RABBITMQ_PID_FILE", home.resolve("rabbitmq.pid").toString());
        all.put(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none");
        return all;
    }

    /** Runs {@code rabbitmqctl} with this broker; returns what it prints. It takes a few seconds. */
    public String control(String... words) {
        List<String> command =
                new ArrayList<>(List.of(sbin.resolve("rabbitmqctl").toString(), "-n", nodeName(), "-q"));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.directory(process.home().toFile());
        builder.environment().putAll(environment());
        Path output = process.home().resolve("control.log");
        builder.redirectOutput(output.toFile());
        try {
            Process run = builder.start();
            run.getOutputStream().close();
            if (!run.waitFor(COMMAND_LIMIT.toSeconds(), TimeUnit.SECONDS) || run.exitValue() != 0) {
                run.destroyForcibly();
                throw new IllegalStateException(String.join(" ", words) + " failed: " + Files.readString(output));
            }
            return Files.readString(output, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while running rabbitmqctl", e);
        }
    }

    /** Lets it believe that it is short of memory, or ends that. */
    public void memoryAlarm(boolean on) {
        control("set_vm_memory_high_watermark", "absolute", on ? "1" : "1GB");
    }

    /** Returns the port for TLS, of a broker made with {@link #tls}; not behind the proxy. */
    public int tlsPort() {
        return tlsPort;
    }

    @Override
    public String address() {
        return "127.0.0.1:" + (proxied ? proxy.port() : port);
    }

    /** Returns an address that leads around the proxy, for a test's own client. */
    public String directAddress() {
        return "127.0.0.1:" + port;
    }

    @Override
    public String origin() {
        return "process rabbitmq on port " + port;
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
        if (!accepts(mapperPort)) {
            mapper.start(
                    List.of("epmd", "-port", Integer.toString(mapperPort), "-address", "127.0.0.1"),
                    Map.of(),
                    printed -> accepts(mapperPort),
                    START_LIMIT);
        }
        process.start(
                List.of(sbin.resolve("rabbitmq-server").toString()),
                environment(),
                printed -> printed.contains("Server startup complete"),
                START_LIMIT);
        proxy.up();
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        ProcessServer.super.close();
        mapper.close();
    }
}
