package io.pythia.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for servers that are started, or come back, later. They are below those that systems give to the clients' ends of connections
 * (from 32768 on, or higher): there one can be taken before its server listens, or while it is down.
 */
public final class Ports {
    private static final int FIRST = 12_000;
    private static final int COUNT = 10_000;
    /** The node of a Redis cluster listens there, too. */
    private static final int BUS_OFFSET = 10_000;

    private static final int MAX_TRIES = 1_000;
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

    private Ports() {}

    /** Returns a port that nobody listens on, and that was not returned before in this JVM. So is the one that is 10,000 higher. Thread-safe. */
    public static int free() {
        for (int i = 0; i < MAX_TRIES; i++) {
            int port = FIRST + ThreadLocalRandom.current().nextInt(COUNT);
            if (GIVEN.add(port) && isFree(port) && isFree(port + BUS_OFFSET)) {
                return port;
            }
        }
        throw new IllegalStateException("no free port between " + FIRST + " and " + (FIRST + COUNT + BUS_OFFSET));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
