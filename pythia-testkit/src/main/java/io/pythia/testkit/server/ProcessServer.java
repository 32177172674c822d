package io.pythia.testkit.server;

/** A server that is a process of this machine behind a proxy: what all of these have in common. */
interface ProcessServer extends TestServer {

    /** Returns the process, whose {@link NativeProcess#log} has what the server printed. */
    NativeProcess process();

    @Override
    default boolean isOurs() {
        return true;
    }

    @Override
    default void kill() {
        process().end("KILL");
        proxy().down();
    }

    @Override
    default void stop() {
        process().end("TERM");
        proxy().down();
    }

    @Override
    default void pause() {
        process().signal("STOP");
    }

    @Override
    default void resume() {
        process().signal("CONT");
    }

    @Override
    default void close() {
        proxy().close();
        process().close();
    }
}
