package io.pythia.testkit;

import io.pythia.testkit.server.NativeProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A main class in a small JVM of its own, to be killed in the middle of what it does. Dies with this JVM. Not thread-safe. */
public final class ChildJvm implements AutoCloseable {
    /** What the main class prints when it is ready. */
    public static final String READY = "READY";

    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private final NativeProcess process = new NativeProcess("child");

    /** Starts a main class of this class path and waits until it prints {@link #READY}. */
    public ChildJvm(Class<?> main, String... args) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                NativeProcess.classPath(),
                main.getName()));
        command.addAll(List.of(args));
        process.start(command, Map.of(), printed -> printed.contains(READY), START_LIMIT);
    }

    /** Returns the file with all that it prints. */
    public Path log() {
        return process.log();
    }

    /** Kills it with SIGKILL and waits for its end. */
    public void kill() {
        process.end("KILL");
    }

    /** Asks it to end, with SIGTERM, and waits for its end. */
    public void terminate() {
        process.end("TERM");
    }

    /** Freezes it with SIGSTOP. */
    public void pause() {
        process.signal("STOP");
    }

    /** Ends {@link #pause}. */
    public void resume() {
        process.signal("CONT");
    }

    @Override
    public void close() {
        process.close();
    }
}
