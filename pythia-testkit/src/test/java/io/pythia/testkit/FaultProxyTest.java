package io.pythia.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pythia.testkit.fault.FaultProxy;
import io.pythia.testkit.fault.FaultProxy.Direction;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each fault, against a server that sends back what it is sent. */
@Timeout(60)
class FaultProxyTest {
    private ServerSocket echo;
    private FaultProxy proxy;

    @BeforeEach
    void start() throws IOException {
        echo = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread server = new Thread(this::serve, "echo");
        server.setDaemon(true);
        server.start();
        proxy = new FaultProxy("127.0.0.1", echo.getLocalPort());
    }

    private void serve() {
        while (!echo.isClosed()) {
            try {
                Socket client = echo.accept();
                Thread each = new Thread(
                        () -> {
                            try (client) {
                                client.getInputStream().transferTo(client.getOutputStream());
                            } catch (IOException e) {
                                // a fault was the point
                            }
                        },
                        "echo-client");
                each.setDaemon(true);
                each.start();
            } catch (IOException e) {
                // closed
            }
        }
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        echo.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", proxy.port());
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static byte[] exchange(Socket socket, byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return socket.getInputStream().readNBytes(bytes.length);
    }

    private static final byte[] HELLO = {1, 2, 3, 4, 5};

    @Test
    void withoutFaults_bytesPass_inPiecesToo() throws IOException {
        try (Socket socket = connect()) {
            assertThat(exchange(socket, HELLO)).isEqualTo(HELLO);
            proxy.slice(1);
            assertThat(exchange(socket, HELLO)).isEqualTo(HELLO);
            assertThat(proxy.bytes(Direction.TO_SERVER)).isEqualTo(10);
            assertThat(proxy.accepted()).isEqualTo(1);
        }
    }

    @Test
    void delay_delays() throws IOException {
        try (Socket socket = connect()) {
            proxy.delay(Duration.ofMillis(100), Duration.ZERO);
            long before = System.nanoTime();
            exchange(socket, HELLO);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        }
    }

    @Test
    void corrupt_damages() throws IOException {
        try (Socket socket = connect()) {
            proxy.corrupt();
            assertThat(exchange(socket, HELLO)).isNotEqualTo(HELLO);
        }
    }

    @Test
    void resetAll_resets_andNewConnectionsAreServed() throws IOException {
        try (Socket socket = connect()) {
            exchange(socket, HELLO);
            proxy.resetAll();
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
        }
        try (Socket socket = connect()) {
            assertThat(exchange(socket, HELLO)).isEqualTo(HELLO);
        }
    }

    @Test
    void resetAfter_cutsInTheMiddle() throws IOException {
        proxy.resetAfter(Direction.TO_CLIENT, 2);
        try (Socket socket = connect()) {
            assertThatThrownBy(() -> exchange(socket, HELLO)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void drop_isSilent_andAfterItsEndNothingPassesBehindTheGap() throws IOException {
        try (Socket socket = connect()) {
            exchange(socket, HELLO);
            long before = proxy.bytes(Direction.TO_SERVER);
            proxy.drop(Direction.TO_SERVER);
            socket.setSoTimeout(200);
            socket.getOutputStream().write(1);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            proxy.heal();
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(2);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
            assertThat(proxy.bytes(Direction.TO_SERVER)).isEqualTo(before);
        }
        try (Socket socket = connect()) {
            assertThat(exchange(socket, HELLO)).isEqualTo(HELLO);
        }
    }

    @Test
    void freeze_isSilent_andLosesNothing() throws IOException {
        try (Socket socket = connect()) {
            exchange(socket, HELLO);
            socket.setSoTimeout(200);
            proxy.freeze();
            socket.getOutputStream().write(2);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
            proxy.heal();
            socket.setSoTimeout(10_000);
            assertThat(socket.getInputStream().read()).isEqualTo(2);
        }
    }

    @Test
    void down_refuses_andUpServesOnTheSamePort() throws IOException {
        proxy.down();
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
        proxy.up();
        try (Socket socket = connect()) {
            assertThat(exchange(socket, HELLO)).isEqualTo(HELLO);
        }
    }

    @Test
    void halfClose_endsTheStream() throws IOException {
        try (Socket socket = connect()) {
            exchange(socket, HELLO);
            proxy.halfClose();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }
}
