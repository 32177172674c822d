package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A real Redis server: {@code redis-server} of the system, or the program that {@code PYTHIA_TEST_REDIS_SERVER} names. It writes what it
 * has to its log before it answers, so that a SIGKILL loses nothing that was confirmed. Clients reach it through the proxy.
 */
public final class RedisTestServer implements ProcessServer {
    /** No snapshots; the log is written before a command is answered, which "everysec" puts off while a sync takes long. */
    static final Map<String, String> SETTINGS = Map.of("save", "\"\"", "appendonly", "yes", "appendfsync", "no");

    private static final Duration START_LIMIT = Duration.ofSeconds(90);

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("redis");
    private final List<String> command;

    private RedisTestServer(Map<String, String> settings, String... options) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("port", Integer.toString(port));
        all.put("bind", "127.0.0.1");
        all.put("dir", process.home().toString());
        all.putAll(SETTINGS);
        all.putAll(settings);
        Path file = process.home().resolve("redis.conf");
        try {
            Files.writeString(
                    file,
                    all.entrySet().stream()
                            .map(e -> e.getKey() + " " + e.getValue())
                            .collect(Collectors.joining("\n", "", "\n")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        command = java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(String.valueOf(program()), file.toString()),
                        java.util.stream.Stream.of(options))
                .toList();
        start();
    }

    /** Starts a server of its own, with lines of {@code redis.conf} in addition: {@code maxmemory} to {@code 10mb}. */
    public static RedisTestServer create(Map<String, String> settings) {
        return new RedisTestServer(settings);
    }

    /** Starts a sentinel with lines of {@code sentinel.conf}, for instance {@code "sentinel monitor"} to {@code "main 127.0.0.1 6379 1"}. */
    static RedisTestServer createSentinel(Map<String, String> settings) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        return new RedisTestServer(all, "--sentinel");
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return program() != null
                ? Optional.empty()
                : Optional.of(
                        "install redis-server (Debian, Ubuntu: apt-get install redis-server), or name the program in"
                                + " PYTHIA_TEST_REDIS_SERVER");
    }

    private static @Nullable Path program() {
        String given = System.getenv("PYTHIA_TEST_REDIS_SERVER");
        List<Path> places = given != null
                ? List.of(Path.of(given))
                : List.of(
                        Path.of("/usr/bin/redis-server"),
                        Path.of("/usr/local/bin/redis-server"),
                        Path.of("/opt/homebrew/bin/redis-server"));
        return places.stream().filter(Files::isExecutable).findFirst().orElse(null);
    }

    /** Sends a command around the proxy; see {@link RedisWire#call}. */
    public @Nullable Object call(String... words) {
        return RedisWire.call(port, words);
    }

    /** Returns the server's own port, which clients reach without the proxy. */
    public int port() {
        return port;
    }

    @Override
    public String origin() {
        return "process redis on port " + port;
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
                Map.of(),
                printed -> printed.contains("Ready to accept connections") || printed.contains("Sentinel ID is"),
                START_LIMIT);
        proxy.up();
    }
}
