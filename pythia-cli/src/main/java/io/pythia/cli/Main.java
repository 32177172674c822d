package io.pythia.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Starts the command and ends the process with its exit code. */
public final class Main {
    /** Google's client logs by the JDK's own logging, to which no file of ours speaks. Held, since a logger is forgotten with its level. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private Main() {}

    /** Runs {@code pythia}. */
    public static void main(String[] args) {
        GRPC.setLevel(Level.WARNING);
        Terminal terminal = new Terminal(
                System.in,
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                Boolean.getBoolean("pythia.terminal")); // the launcher knows whether standard error is one
        StopSignal stop = new StopSignal();
        stop.listen();
        int exitCode = Cli.run(terminal, stop, args);
        if (!stop.finished()) {
            System.exit(exitCode);
        }
        // A signal ends the process: the JVM's own exit code says which (130, 143).
    }
}
