package io.pythia.testkit.server;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server program as a child process with a folder of its own. It dies with this JVM, also when that is killed: a shell between the two
 * reads from us, and kills the server when there is nobody to read from. Not thread-safe.
 */
public final class NativeProcess implements AutoCloseable {
    private static final String GUARD = "\"$@\" </dev/null & echo $! >server.pid.new && mv server.pid.new server.pid;"
            + " cat >/dev/null; kill -9 $! 2>/dev/null";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
    private static final Duration SIGNAL_LIMIT = Duration.ofSeconds(30);

    private final Path home;
    private final Thread atExit = new Thread(this::destroy, "pythia-test-server-exit");
    private @Nullable Process guard;
    private @Nullable ProcessHandle server;

    /** Creates one with a new folder for its files. */
    public NativeProcess(String name) {
        try {
            home = Files.createTempDirectory("pythia-" + name + "-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Returns this JVM's class path for another JVM: with whole paths, since that one works in a folder of its own. */
    public static String classPath() {
        String own = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Stream.of(own.split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** Returns its folder, which is its working directory. */
    public Path home() {
        return home;
    }

    /** Returns the file with all that it prints. */
    public Path log() {
        return home.resolve("server.log");
    }

    /** Starts the program and waits until it is ready, judged by what it has printed since this start. */
    public void start(List<String> command, Map<String, String> environment, Predicate<String> ready, Duration limit) {
        try {
            Files.deleteIfExists(home.resolve("server.pid"));
            long seen = Files.exists(log()) ? Files.size(log()) : 0;
            List<String> guarded = new ArrayList<>(List.of("sh", "-c", GUARD, "sh"));
            guarded.addAll(command);
            ProcessBuilder builder = new ProcessBuilder(guarded)
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
            builder.environment().putAll(environment);
            guard = builder.start();
            long deadline = System.nanoTime() + limit.toNanos();
            server = awaitServer(deadline);
            // Asked first: one that is ready and ends at once was ready.
            for (boolean alive = server.isAlive(); !ready.test(printedSince(seen)); alive = server.isAlive()) {
                if (!alive) {
                    throw new IllegalStateException("the server has ended: " + tail());
                }
                pauseUnlessLate(deadline);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a program to its end, which makes the server's files. What it prints goes to the log, too. */
    void run(List<String> command, Duration limit) {
        try {
            Process program = new ProcessBuilder(command)
                    .directory(home.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                    .start();
            if (!program.waitFor(limit.toSeconds(), TimeUnit.SECONDS) || program.exitValue() != 0) {
                program.destroyForcibly();
                throw new IllegalStateException(command.get(0) + " has failed: " + tail());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while making a server's files", e);
        }
    }

    private ProcessHandle awaitServer(long deadline) throws IOException {
        Path file = home.resolve("server.pid");
        while (!Files.exists(file)) {
            pauseUnlessLate(deadline);
        }
        long pid = Long.parseLong(Files.readString(file).strip());
        return ProcessHandle.of(pid)
                .orElseThrow(() -> new IllegalStateException("the server has ended at once: " + tail()));
    }

    private void pauseUnlessLate(long deadline) {
        if (System.nanoTime() - deadline > 0) {
            destroy();
            throw new IllegalStateException("the server is not ready in time: " + tail());
        }
        try {
            TimeUnit.MILLISECONDS.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a server", e);
        }
    }

    private String printedSince(long position) throws IOException {
        byte[] all = Files.readAllBytes(log());
        return new String(all, (int) position, (int) (all.length - position), StandardCharsets.ISO_8859_1);
    }

    /** Sends a signal, for instance {@code KILL}, {@code STOP} or {@code CONT}. After {@code STOP} no thread of it runs any more. */
    public void signal(String name) {
        ProcessHandle current = server;
        if (current == null) {
            throw new IllegalStateException("the server was never started");
        }
        signal(name, current);
    }

    /** Sends a signal to any process, as {@link #signal(String)} does. One that has ended is let alone. */
    static void signal(String name, ProcessHandle process) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
            boolean done = kill.waitFor(SIGNAL_LIMIT.toSeconds(), TimeUnit.SECONDS) && kill.exitValue() == 0;
            if (!done && process.isAlive()) {
                throw new IllegalStateException("no " + name + " for process " + process.pid());
            }
            long deadline = System.nanoTime() + SIGNAL_LIMIT.toNanos();
            while (name.equals("STOP") && runs(process)) { // the kernel stops it a while after the signal was sent
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("process " + process.pid() + " does not stop");
                }
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while sending a signal", e);
        }
    }

    /** Tells if a thread of it is neither stopped nor ended, where the system shows that. */
    private static boolean runs(ProcessHandle process) throws IOException {
        Path threads = Path.of("/proc", Long.toString(process.pid()), "task");
        if (!Files.isDirectory(threads)) {
            return false;
        }
        try (Stream<Path> all = Files.list(threads)) {
            return all.anyMatch(thread -> "TtZX".indexOf(state(thread)) < 0);
        }
    }

    /** Returns the letter after the name in parentheses, which may have any character; {@code X} for a thread that has ended. */
    private static char state(Path thread) {
        try {
            String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
            return stat.charAt(stat.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return 'X';
        }
    }

    /** Ends it by a signal and waits for its end; after a while by SIGKILL. */
    public void end(String signal) {
        ProcessHandle current = server;
        if (current == null) {
            return;
        }
        if (current.isAlive()) { // else its number may be that of another process by now
            signal("CONT");
            signal(signal);
            try {
                if (!awaitExit(current)) {
                    current.destroyForcibly();
                    awaitExit(current);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        destroy();
    }

    private static boolean awaitExit(ProcessHandle process) throws InterruptedException {
        try {
            process.onExit().get(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        }
    }

    private void destroy() {
        ProcessHandle current = server;
        if (current != null) {
            current.destroyForcibly();
        }
        Process shell = guard;
        if (shell != null) {
            shell.destroyForcibly();
        }
    }

    private String tail() {
        try {
            List<String> lines = Files.readAllLines(log(), StandardCharsets.ISO_8859_1);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
        } catch (IOException e) {
            return "no log: " + e;
        }
    }

    /** Ends it and deletes its folder. */
    @Override
    public void close() {
        end("KILL");
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            // the JVM is ending
        }
        delete(home);
    }

    private static void delete(Path folder) {
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes a folder when this JVM ends. */
    static void deleteAtExit(Path folder) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder), "pythia-test-folder-exit"));
    }
}
