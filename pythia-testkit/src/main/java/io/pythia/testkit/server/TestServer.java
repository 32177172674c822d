package io.pythia.testkit.server;

import io.pythia.testkit.fault.FaultProxy;

/** A server as a test sees it. Clients connect through its {@link #proxy}, whose port never changes. */
public interface TestServer extends AutoCloseable {

    /** Returns where it comes from, for a log: {@code "process kafka on port 9092"}, {@code "address 10.0.0.1:9092"}. */
    String origin();

    /** Returns what stands between the clients and the server. */
    FaultProxy proxy();

    /** Returns {@code host:port} for clients. */
    default String address() {
        return "127.0.0.1:" + proxy().port();
    }

    /** Returns whether the server is ours, so that it can be killed, paused and restarted. */
    boolean isOurs();

    /** Kills it with SIGKILL: nothing is flushed. Clients are refused until {@link #start}. */
    void kill();

    /** Stops it in an orderly way. Clients are refused until {@link #start}. */
    void stop();

    /** Starts it again with the same address and data, and waits until it serves. */
    void start();

    /** Freezes it, as SIGSTOP does: connections stay open and nothing is answered. */
    void pause();

    /** Ends {@link #pause}. */
    void resume();

    @Override
    void close();
}
