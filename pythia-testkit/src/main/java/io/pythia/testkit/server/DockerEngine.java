package io.pythia.testkit.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Whether containers can be had: Testcontainers is on the class path, and a Docker engine answers. Asked without loading Testcontainers,
 * whose own search takes much longer, at the places where it looks: {@code DOCKER_HOST}, {@code docker.host} in
 * {@code ~/.testcontainers.properties}, the usual sockets.
 */
final class DockerEngine {
    private static final String MARKER_CLASS = "org.testcontainers.DockerClientFactory";
    private static final String PING = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
    private static final Duration LIMIT = Duration.ofMillis(500);

    private final Map<String, String> environment;
    private final Path home;
    private final List<Path> sockets;

    DockerEngine(Map<String, String> environment, Path home, List<Path> sockets) {
        this.environment = environment;
        this.home = home;
        this.sockets = sockets;
    }

    /** Returns the engine of this machine. */
    static DockerEngine local() {
        Path home = Path.of(System.getProperty("user.home"));
        Stream<Path> runtime =
                Stream.ofNullable(System.getenv("XDG_RUNTIME_DIR")).map(Path::of);
        List<Path> sockets = Stream.of(
                        Stream.of(Path.of("/var/run")),
                        runtime,
                        Stream.of(home.resolve(".docker/run"), home.resolve(".docker/desktop")))
                .flatMap(folders -> folders)
                .map(folder -> folder.resolve("docker.sock"))
                .toList();
        return new DockerEngine(System.getenv(), home, sockets);
    }

    /** Says what is missing for containers and how to get it; empty where an engine answers. Each address is given a second. */
    Optional<String> missing() {
        try {
            Class.forName(MARKER_CLASS, false, DockerEngine.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return Optional.of("put org.testcontainers:testcontainers on the class path, for servers in containers");
        }
        Optional<String> host = host();
        if (host.isPresent()) {
            return answers(host.get())
                    ? Optional.empty()
                    : Optional.of("start the Docker engine at " + host.get() + ", which does not answer");
        }
        return sockets.stream().anyMatch(DockerEngine::answers)
                ? Optional.empty()
                : Optional.of("start a Docker engine (none answers at " + sockets + ", DOCKER_HOST is not set)");
    }

    /** Returns the address that the user has chosen. */
    private Optional<String> host() {
        String host = environment.get("DOCKER_HOST");
        if (host != null) {
            return Optional.of(host);
        }
        Path file = home.resolve(".testcontainers.properties");
        if (!Files.isReadable(file)) {
            return Optional.empty();
        }
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(file)) {
            properties.load(in);
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty(); // Testcontainers will complain about it
        }
        return Optional.ofNullable(properties.getProperty("docker.host"));
    }

    private boolean answers(String host) {
        URI uri;
        try {
            uri = URI.create(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
        if ("unix".equals(uri.getScheme())) {
            return answers(Path.of(uri.getPath()));
        }
        if (uri.getHost() == null || uri.getPort() < 0) {
            return "npipe".equals(uri.getScheme()); // Windows: left to Testcontainers
        }
        boolean tls = "https".equals(uri.getScheme()) || "1".equals(environment.get("DOCKER_TLS_VERIFY"));
        return answers(new InetSocketAddress(uri.getHost(), uri.getPort()), tls);
    }

    private static boolean answers(Path socket) {
        return Files.exists(socket) && answers(UnixDomainSocketAddress.of(socket), false);
    }

    /** Returns whether an engine answers; with TLS only whether somebody listens. */
    private static boolean answers(SocketAddress address, boolean tls) {
        StandardProtocolFamily family =
                address instanceof InetSocketAddress ? StandardProtocolFamily.INET : StandardProtocolFamily.UNIX;
        try (SocketChannel channel = SocketChannel.open(family);
                Selector selector = Selector.open()) {
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
            if (!channel.connect(address) && (selector.select(LIMIT.toMillis()) == 0 || !channel.finishConnect())) {
                return false;
            }
            if (tls) {
                return true;
            }
            channel.write(ByteBuffer.wrap(PING.getBytes(StandardCharsets.US_ASCII)));
            key.interestOps(SelectionKey.OP_READ);
            selector.selectedKeys().clear();
            return selector.select(LIMIT.toMillis()) > 0 && isOk(channel);
        } catch (IOException | RuntimeException e) {
            return false; // an unresolved name, a path too long for a socket, nobody there
        }
    }

    private static boolean isOk(SocketChannel channel) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(64);
        channel.read(answer);
        return new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII)
                .matches("(?s)HTTP/1\\.\\d 200.*");
    }
}
