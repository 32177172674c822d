package io.pythia.cloud.azure;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;

/** Takes TLS off connections and passes them on to a server that has none. */
final class TlsFront implements AutoCloseable {
    private final ServerSocket listener;
    private final String[] server;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /**
     * Starts it.
     *
     * @param server host and port of the server behind
     */
    TlsFront(SSLContext tls, String host, int port, String server) throws IOException {
        this.server = server.split(":", 2);
        listener = tls.getServerSocketFactory().createServerSocket(port, 50, InetAddress.getByName(host));
        daemon(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket behind = new Socket(server[0], Integer.parseInt(server[1]));
                sockets.add(client);
                sockets.add(behind);
                daemon(() -> copy(client, behind));
                daemon(() -> copy(behind, client));
            }
        } catch (IOException e) {
            // closed
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "tls-front");
        thread.setDaemon(true);
        thread.start();
    }

    private static void copy(Socket from, Socket to) {
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] bytes = new byte[8192];
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                out.write(bytes, 0, count);
            }
        } catch (IOException e) {
            // the other direction ends too
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
