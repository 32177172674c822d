package io.pythia.testkit.server.servicebus;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The stand-in's program: serves AMQP on one port and takes commands, line by line, on another. Arguments: the port, the port for commands,
 * the file for what it keeps, the name of the key, the key. Prints {@code READY}.
 */
public final class ServiceBusStandIn {
    /** What it prints when it serves. */
    public static final String READY = "stand-in for Service Bus is ready";

    private static final String TOKEN = "token ";
    private static final int TICK_MILLIS = 50;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final List<Connection> connections = new ArrayList<>();
    private final Journal journal;
    private final Entities entities;
    private final Access access;

    private ServiceBusStandIn(int port, Path file, Access access) throws IOException {
        this.access = access;
        this.journal = new Journal(file);
        this.entities = new Entities(journal);
        journal.replay(entities::change, (queue, restored) -> {
            StandInQueue to = entities.queue(queue);
            if (to != null) {
                to.restore(restored.message(), restored.state());
            }
        });
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Runs it until it is killed. */
    public static void main(String[] args) throws IOException {
        ServiceBusStandIn standIn =
                new ServiceBusStandIn(Integer.parseInt(args[0]), Path.of(args[2]), new Access(args[3], args[4]));
        ServerSocket commands = new ServerSocket(Integer.parseInt(args[1]), 50, InetAddress.getLoopbackAddress());
        Thread listener = new Thread(() -> standIn.takeCommands(commands), "stand-in-commands");
        listener.setDaemon(true);
        listener.start();
        System.out.println(READY);
        standIn.serve();
    }

    private void takeCommands(ServerSocket socket) {
        while (true) {
            try (Socket client = socket.accept();
                    BufferedReader in =
                            new BufferedReader(new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
                    PrintWriter out = new PrintWriter(client.getOutputStream(), true, StandardCharsets.UTF_8)) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    out.println(run(line));
                }
            } catch (IOException e) {
                // that client is gone
            }
        }
    }

    private String run(String command) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        tasks.add(() -> {
            try {
                if (command.startsWith(TOKEN)) {
                    access.announce(command.substring(TOKEN.length()));
                    answer.complete("ok");
                } else {
                    answer.complete(entities.run(command));
                }
            } catch (RuntimeException e) {
                answer.complete("error: " + e);
            }
        });
        selector.wakeup();
        return answer.join();
    }

    private void serve() throws IOException {
        long lastTick = 0;
        while (true) {
            selector.select(TICK_MILLIS);
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isValid() && key.isAcceptable()) {
                    accept();
                } else if (key.isValid() && key.isReadable() && key.attachment() instanceof Connection connection) {
                    guarded(connection, connection::read);
                }
            }
            selector.selectedKeys().clear();
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            long now = System.currentTimeMillis();
            if (now - lastTick >= TICK_MILLIS) {
                lastTick = now;
                entities.tick(now);
                connections.forEach(connection -> connection.tick(now));
            }
            journal.flush(); // before the answers
            for (Connection connection : connections) {
                guarded(connection, () -> {
                    connection.handleEvents();
                    connection.write();
                });
            }
            connections.removeIf(connection -> !connection.isOpen());
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = server.accept();
        if (channel != null) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            connections.add(new Connection(channel, selector, new Links(entities, access)));
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** What one client does wrong ends its connection and no other. */
    private static void guarded(Connection connection, Work work) {
        if (!connection.isOpen()) {
            return;
        }
        try {
            work.run();
        } catch (IOException e) {
            connection.end();
        } catch (RuntimeException e) {
            System.out.println("a connection has failed: " + e);
            e.printStackTrace(System.out);
            connection.end();
        }
    }
}
