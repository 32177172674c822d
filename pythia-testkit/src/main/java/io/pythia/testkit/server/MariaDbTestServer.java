package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real MariaDB server: the system's. The user is {@code root} without a password, the database {@code test}. Clients reach it through the
 * proxy.
 */
public final class MariaDbTestServer implements ProcessServer {
    private static final Duration START_LIMIT = Duration.ofSeconds(90);

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("mariadb");
    private final List<String> command;

    private MariaDbTestServer(Map<String, String> settings) {
        String data = process.home().resolve("data").toString();
        List<String> install = new ArrayList<>(List.of(
                String.valueOf(program("mariadb-install-db")),
                "--no-defaults",
                "--datadir=" + data,
                "--auth-root-authentication-method=normal",
                "--skip-name-resolve"));
        List<String> line = new ArrayList<>(List.of(
                String.valueOf(program("mariadbd")),
                "--no-defaults",
                "--datadir=" + data,
                "--port=" + port,
                "--bind-address=127.0.0.1",
                "--socket=" + process.home().resolve("s.sock"),
                "--pid-file=" + process.home().resolve("m.pid"),
                "--tmpdir=" + process.home(),
                "--innodb-buffer-pool-size=16M",
                "--performance-schema=OFF",
                "--skip-name-resolve"));
        if (System.getProperty("user.name").equals("root")) {
            install.add("--user=root");
            line.add("--user=root");
        }
        settings.forEach((name, value) -> line.add("--" + name + "=" + value));
        command = List.copyOf(line);
        process.run(install, START_LIMIT);
        start();
    }

    /** Starts a server of its own, with options of {@code mariadbd} in addition, without their hyphens. */
    public static MariaDbTestServer create(Map<String, String> settings) {
        return new MariaDbTestServer(settings);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return program("mariadbd") != null && program("mariadb-install-db") != null
                ? Optional.empty()
                : Optional.of("install MariaDB (Debian, Ubuntu: apt-get install mariadb-server)");
    }

    private static @Nullable Path program(String name) {
        return Stream.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")
                .map(folder -> Path.of(folder, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }

    @Override
    public String origin() {
        return "process mariadb on port " + port;
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
        process.start(command, Map.of(), printed -> printed.contains("ready for connections"), START_LIMIT);
        proxy.up();
    }
}
