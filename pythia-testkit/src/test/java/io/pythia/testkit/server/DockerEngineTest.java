package io.pythia.testkit.server;

import static io.pythia.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Small engines of our own, on sockets as Docker has them. */
@Timeout(60)
class DockerEngineTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";

    @TempDir
    private Path folder;

    private final List<AutoCloseable> open = new CopyOnWriteArrayList<>(); // the engines add their connections

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    @Test
    void socketOfAnEngine_isFound() throws IOException {
        Path socket = engine("docker.sock", OK);
        assertFound(Map.of(), folder.resolve("none.sock"), socket);
    }

    @Test
    void nothingThere_saysWhatToDo() {
        assertThat(ask(Map.of(), folder.resolve("none.sock")).orElseThrow())
                .contains("start a Docker engine", "none.sock");
    }

    @Test
    void socketThatNobodyServes_isNoEngine() throws IOException {
        Path stale = folder.resolve("stale.sock");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(stale));
        }
        assertThat(Files.exists(stale)).isTrue();
        assertThat(ask(Map.of(), stale, Files.createFile(folder.resolve("file"))))
                .isPresent();
    }

    @Test
    void engineThatAnswersNothing_isGivenUp() throws IOException {
        assertThat(ask(Map.of(), engine("hung.sock", null))).isPresent();
    }

    @Test
    void engineThatRefuses_isNone() throws IOException {
        assertThat(ask(Map.of(), engine("sick.sock", "HTTP/1.1 503 Service Unavailable\r\n\r\n")))
                .isPresent();
    }

    @Test
    void dockerHost_isAskedInsteadOfTheUsualSockets() throws IOException {
        Path usual = engine("usual.sock", OK);
        Path chosen = engine("chosen.sock", OK);
        assertFound(Map.of("DOCKER_HOST", "unix://" + chosen), folder.resolve("none.sock"));
        assertThat(ask(Map.of("DOCKER_HOST", "unix://" + folder.resolve("none.sock")), usual)
                        .orElseThrow())
                .contains("none.sock", "does not answer");
        assertThat(ask(Map.of("DOCKER_HOST", "no address: at all"), usual)).isPresent();
    }

    @Test
    void dockerHost_byTcp_isAsked() throws IOException {
        int port = tcpEngine(OK);
        assertFound(Map.of("DOCKER_HOST", "tcp://127.0.0.1:" + port));
        assertThat(ask(Map.of("DOCKER_HOST", "tcp://127.0.0.1:1"))).isPresent();
        int silent = tcpEngine(null);
        assertThat(ask(Map.of("DOCKER_HOST", "tcp://127.0.0.1:" + silent))).isPresent();
        assertThat(ask(Map.of("DOCKER_HOST", "tcp://127.0.0.1:" + silent, "DOCKER_TLS_VERIFY", "1")))
                .as("a handshake is left to Testcontainers")
                .isEmpty();
    }

    @Test
    void propertiesOfTestcontainers_areRead() throws IOException {
        Path socket = engine("chosen.sock", OK);
        Files.writeString(folder.resolve(".testcontainers.properties"), "docker.host=unix\\://" + socket + "\n");
        assertFound(Map.of());
    }

    @Test
    void withoutTestcontainers_nothingOfItIsNeeded() throws Exception {
        Path socket = engine("docker.sock", OK);
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(java.io.File.pathSeparator)) {
            if (!entry.contains("testcontainers") && !entry.contains("docker-java")) {
                classPath.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader without =
                new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> probe = without.loadClass(WithoutTestcontainers.class.getName());
            var ask = probe.getDeclaredMethod("ask", Path.class);
            ask.setAccessible(true);
            assertThat((String) ask.invoke(null, socket))
                    .contains("put org.testcontainers:testcontainers on the class path");
        }
    }

    /** Runs where Testcontainers can't be loaded. */
    private static final class WithoutTestcontainers {
        static String ask(Path socket) {
            ServerKind kafka = new ServerKind("kafka", Map.of("PYTHIA_TEST_SERVERS", "docker"), Containers.kafka());
            try {
                kafka.create(Map.of());
                return "started";
            } catch (org.opentest4j.TestAbortedException e) {
                return e.getMessage()
                        + new DockerEngine(Map.of("DOCKER_HOST", "unix://" + socket), socket, List.of()).missing();
            }
        }
    }

    private Optional<String> ask(Map<String, String> environment, Path... sockets) {
        return new DockerEngine(environment, folder, List.of(sockets)).missing();
    }

    /** An engine has only half a second for its answer, and ours are threads of this test: they are asked again. */
    private void assertFound(Map<String, String> environment, Path... sockets) {
        eventually("an engine", () -> ask(environment, sockets).isEmpty());
    }

    private Path engine(String name, @Nullable String answer) throws IOException {
        Path socket = folder.resolve(name);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        serve(server.bind(UnixDomainSocketAddress.of(socket)), answer);
        return socket;
    }

    private int tcpEngine(@Nullable String answer) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open();
        serve(server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), answer);
        return ((InetSocketAddress) server.getLocalAddress()).getPort();
    }

    /** Answers a ping; without an answer it takes connections and stays silent. */
    private void serve(ServerSocketChannel server, @Nullable String answer) {
        open.add(server);
        Thread thread = new Thread(
                () -> {
                    while (server.isOpen()) {
                        try {
                            SocketChannel client = server.accept();
                            open.add(client);
                            ByteBuffer request = ByteBuffer.allocate(1_000);
                            client.read(request);
                            String text = new String(request.array(), 0, request.position(), StandardCharsets.US_ASCII);
                            if (answer != null && text.startsWith("GET /_ping HTTP/1.1\r\n")) {
                                client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.US_ASCII)));
                            }
                        } catch (IOException e) {
                            // closed, or a client that only knocked
                        }
                    }
                },
                "engine");
        thread.setDaemon(true);
        thread.start();
    }
}
