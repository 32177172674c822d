package io.pythia.benchmarks;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that costs little: it answers a POST with 200, and {@code GET /<name>/<warm-up>/<count>} with 304, but for the first request, the
 * one after the warm-up, and the last: those get a 200 with a new body.
 */
final class HttpTarget implements AutoCloseable {
    private static final byte[] OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NOT_MODIFIED =
            "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket listener;
    private final Map<String, AtomicInteger> polls = new ConcurrentHashMap<>();

    HttpTarget() throws IOException {
        listener = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "http-target");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                socket.setTcpNoDelay(true);
                start(() -> serve(socket));
            } catch (IOException e) {
                // closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream(), 8_192);
            OutputStream out = socket.getOutputStream();
            for (String request = line(in); !request.isEmpty(); request = line(in)) {
                int length = 0;
                for (String header = line(in); !header.isEmpty(); header = line(in)) {
                    if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                        length = Integer.parseInt(header.substring(15).strip());
                    }
                }
                in.skipNBytes(length);
                out.write(request.startsWith("POST") ? OK : poll(request.split(" ", 3)[1]));
            }
        } catch (IOException e) {
            // the client is gone
        }
    }

    private byte[] poll(String path) {
        String[] parts = path.split("/", -1);
        int warmUp = Integer.parseInt(parts[2]);
        int count = Integer.parseInt(parts[3]);
        int number = polls.computeIfAbsent(path, p -> new AtomicInteger()).getAndIncrement();
        if (number != 0 && number != warmUp && number != warmUp + count) {
            return NOT_MODIFIED;
        }
        String body = "body " + number;
        return ("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(80);
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
