package io.pythia.pubsubserver;

import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The server on a port of 127.0.0.1. As a program: {@code PubSubServer <port> <file of its state>}. */
public final class PubSubServer implements AutoCloseable {
    /** What the program prints when it serves. */
    public static final String READY = "Pub/Sub server started";

    private static final int MAX_REQUEST_BYTES = 20 << 20;

    private final Broker broker;
    private final Server server;

    /**
     * Starts one.
     *
     * @param port the port, 0 for any
     * @param state where it keeps what must outlive it
     * @param interceptors what a test puts before the services
     */
    public PubSubServer(int port, Path state, ServerInterceptor... interceptors) throws IOException {
        broker = new Broker(new Journal(state));
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .maxInboundMessageSize(MAX_REQUEST_BYTES)
                .permitKeepAliveTime(1, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(ServerInterceptors.intercept(new TopicService(broker), interceptors))
                .addService(ServerInterceptors.intercept(new SubscriptionService(broker), interceptors))
                .build()
                .start();
    }

    /** Returns its port. */
    public int port() {
        return server.getPort();
    }

    /** Returns how many messages of a subscription are with consumers, unsettled. */
    public int outstanding(String subscription) {
        return broker.outstanding(subscription);
    }

    /** Returns how many messages of a subscription wait to be delivered. */
    public int pending(String subscription) {
        return broker.pending(subscription);
    }

    /** Ends all streams with UNAVAILABLE, as the service does now and then. */
    public void endStreams() {
        broker.endStreams();
    }

    /** Takes a message back from the consumer that has it, as when its lease ends. */
    public void giveBack(String subscription, String messageId) {
        broker.giveBack(subscription, messageId);
    }

    @Override
    public void close() {
        server.shutdownNow();
        broker.close();
        try {
            server.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Runs until it is ended. */
    public static void main(String[] args) throws Exception {
        PubSubServer server = new PubSubServer(Integer.parseInt(args[0]), Path.of(args[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        System.out.println(READY + " on port " + server.port());
        server.server.awaitTermination();
    }
}
