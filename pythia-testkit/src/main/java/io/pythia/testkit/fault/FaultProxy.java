package io.pythia.testkit.fault;

import io.pythia.testkit.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy on a port of its own that never changes, with the faults a network has: delay, fragments, resets, lost directions, silence,
 * refusal. Faults apply to open and to new connections until {@link #heal}. Thread-safe.
 */
public final class FaultProxy implements AutoCloseable {
    /** A direction of a connection. */
    public enum Direction {
        /** From the client. */
        TO_SERVER(0),
        /** From the server. */
        TO_CLIENT(1);

        private final int index;

        Direction(int index) {
            this.index = index;
        }
    }

    private static final int CONNECT_MILLIS = 2_000;

    private final InetAddress local = InetAddress.getLoopbackAddress();
    private final int port;
    private final Set<Link> links = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicLong[] bytes = {new AtomicLong(), new AtomicLong()};
    private final AtomicLong[] resetAfter = {new AtomicLong(-1), new AtomicLong(-1)};
    private final AtomicBoolean[] dropped = {new AtomicBoolean(), new AtomicBoolean()};
    private volatile InetSocketAddress target;
    private volatile ServerSocket listener;
    private volatile @Nullable Thread acceptor;
    private volatile boolean frozen;
    private volatile boolean corrupt;
    private volatile long delayMillis;
    private volatile long jitterMillis;
    private volatile int sliceBytes = Integer.MAX_VALUE;
    private volatile long bytesPerSecond = Long.MAX_VALUE;

    /** Creates one in front of a server, listening on the loopback address. */
    public FaultProxy(String host, int serverPort) {
        target = InetSocketAddress.createUnresolved(host, serverPort);
        port = Ports.free();
        listener = listen(port);
    }

    private ServerSocket listen(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(local, port), 64);
            acceptor = daemon("accept", () -> accept(socket));
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException("can't listen on port " + port, e);
        }
    }

    private void accept(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Link link = new Link(socket.accept());
                links.add(link); // here: who resets all must find it
                accepted.incrementAndGet();
                daemon("link", link::run);
            } catch (IOException e) {
                // closed, or a client that left at once
            }
        }
    }

    /** Returns the port for clients. */
    public int port() {
        return port;
    }

    /** Returns how many connections were accepted. */
    public int accepted() {
        return accepted.get();
    }

    /** Returns how many connections are open. */
    public int open() {
        return links.size();
    }

    /** Returns how many bytes went in a direction. */
    public long bytes(Direction direction) {
        return bytes[direction.index].get();
    }

    /** Connects new clients to another server. */
    public void retarget(String host, int serverPort) {
        target = InetSocketAddress.createUnresolved(host, serverPort);
    }

    /** Delays each piece by a time, give or take another. */
    public void delay(Duration time, Duration jitter) {
        delayMillis = time.toMillis();
        jitterMillis = jitter.toMillis();
    }

    /** Passes on at most so many bytes at once. */
    public void slice(int size) {
        sliceBytes = size;
    }

    /** Passes on at most so many bytes per second and direction. */
    public void throttle(long perSecond) {
        bytesPerSecond = perSecond;
    }

    /**
     * Swallows what goes in a direction; the connection stays open. After {@link #heal} what comes next on it resets it: TCP never goes on
     * behind a gap, and a client that took an answer for that to an earlier request would lose messages that no network loses.
     */
    public void drop(Direction direction) {
        dropped[direction.index].set(true);
    }

    /** Passes nothing on in either direction and keeps it, as a network that is cut and may come back. */
    public void freeze() {
        frozen = true;
    }

    /** Damages one byte of each piece for the server. */
    public void corrupt() {
        corrupt = true;
    }

    /** Resets the connection that carries the byte of that number, counted from now, in a direction; then no more. */
    public void resetAfter(Direction direction, long count) {
        resetAfter[direction.index].set(count);
    }

    /** Resets all open connections; new ones are served. */
    public void resetAll() {
        links.forEach(Link::reset);
    }

    /** Ends the stream to all clients in an orderly way and lets them go on sending. */
    public void halfClose() {
        links.forEach(Link::halfClose);
    }

    /** Resets all connections and refuses new ones, as when the server's process is gone. */
    public synchronized void down() {
        close();
    }

    /** Ends {@link #down}. */
    public synchronized void up() {
        if (listener.isClosed()) {
            listener = listen(port);
        }
    }

    /** Ends all faults but {@link #down}; what was swallowed is gone. */
    public void heal() {
        delay(Duration.ZERO, Duration.ZERO);
        slice(Integer.MAX_VALUE);
        throttle(Long.MAX_VALUE);
        dropped[0].set(false);
        dropped[1].set(false);
        corrupt = false;
        resetAfter[0].set(-1);
        resetAfter[1].set(-1);
        frozen = false;
    }

    @Override
    public synchronized void close() {
        try {
            listener.close();
            Thread accepting = acceptor;
            if (accepting != null) {
                accepting.join(30_000); // until it has left accept, the kernel may still take connections
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        resetAll();
    }

    private static Thread daemon(String role, Runnable task) {
        Thread thread = new Thread(task, "fault-proxy-" + role);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** One connection: a client's socket and the server's. */
    private final class Link {
        private final Socket client;
        /** Each is that of one thread. */
        private final boolean[] swallowed = new boolean[2];

        private final Socket server = new Socket();
        private final AtomicInteger endedDirections = new AtomicInteger();

        Link(Socket client) {
            this.client = client;
        }

        void run() {
            try {
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                InetSocketAddress to = target;
                server.connect(new InetSocketAddress(to.getHostString(), to.getPort()), CONNECT_MILLIS);
                daemon("to-server", () -> pump(client, server, Direction.TO_SERVER));
                pump(server, client, Direction.TO_CLIENT);
            } catch (IOException e) {
                reset();
            }
        }

        private void pump(Socket from, Socket to, Direction direction) {
            byte[] buffer = new byte[16_384];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    pass(buffer, n, out, direction);
                }
                to.shutdownOutput();
                if (endedDirections.incrementAndGet() == 2) {
                    reset();
                }
            } catch (IOException e) {
                reset();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                reset();
            }
        }

        private void pass(byte[] piece, int length, OutputStream out, Direction direction)
                throws IOException, InterruptedException {
            if (delayMillis > 0) {
                long jitter =
                        jitterMillis == 0 ? 0 : ThreadLocalRandom.current().nextLong(-jitterMillis, jitterMillis + 1);
                TimeUnit.MILLISECONDS.sleep(Math.max(0, delayMillis + jitter));
            }
            for (int at = 0; at < length; ) {
                while (frozen && !client.isClosed()) {
                    TimeUnit.MILLISECONDS.sleep(5);
                }
                int size = Math.min(length - at, sliceBytes);
                int cut = untilReset(direction, size);
                if (dropped[direction.index].get()) {
                    swallowed[direction.index] = true;
                } else if (swallowed[direction.index]) {
                    reset();
                    throw new IOException("reset behind a gap");
                } else {
                    if (corrupt && direction == Direction.TO_SERVER) {
                        piece[at] ^= 0x55;
                    }
                    bytes[direction.index].addAndGet(cut); // first: whoever has the bytes may look
                    out.write(piece, at, cut);
                    out.flush();
                }
                if (cut < size) {
                    reset();
                    throw new IOException("reset");
                }
                if (bytesPerSecond != Long.MAX_VALUE) {
                    TimeUnit.NANOSECONDS.sleep(size * 1_000_000_000L / bytesPerSecond);
                }
                at += size;
            }
        }

        /** Returns how many of so many bytes may still go. */
        private int untilReset(Direction direction, int size) {
            AtomicLong left = resetAfter[direction.index];
            long before = left.getAndUpdate(n -> n < 0 ? n : n < size ? -1 : n - size);
            return before < 0 || before >= size ? size : (int) before;
        }

        void reset() {
            links.remove(this);
            close(client);
            close(server);
        }

        void halfClose() {
            try {
                client.shutdownOutput();
            } catch (IOException e) {
                reset();
            }
        }

        /** With a reset, not in an orderly way. */
        private static void close(Socket socket) {
            try {
                socket.setSoLinger(true, 0);
                socket.close();
            } catch (IOException e) {
                // it is closed already
            }
        }
    }
}
