package io.pythia.testkit.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the class path of a server stands that is written in Java: a module of the build, or somebody else, wrote it to a file. It never
 * is a class path of ours, since the server runs in a JVM of its own.
 *
 * @param name the server's name in the property and in the file
 * @param module the folder of the module that writes the file
 * @param artifact what the class path is that of
 */
record ServerClassPath(String name, String module, String artifact) {

    String howToGet() {
        return "build the module " + module + " (mvn generate-resources), or set the system property " + property()
                + " to a file with the class path of " + artifact;
    }

    private String property() {
        return "pythia.test." + name + ".classpath";
    }

    /** Says how to get what is missing; empty where it is there. */
    Optional<String> missing() {
        return find().isPresent() ? Optional.empty() : Optional.of(howToGet());
    }

    Optional<String> find() {
        String given = System.getProperty(property());
        if (given != null) {
            return Optional.of(read(Path.of(given)));
        }
        return inProject(module + "/target/" + name + ".classpath").map(ServerClassPath::read);
    }

    /** Returns a file of the project that the working directory is in. */
    static Optional<Path> inProject(String relative) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path file = folder.resolve(relative);
            if (Files.exists(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the words that start a small JVM, with the class path in a file of the folder. */
    static List<String> java(Path folder, String classPath, int heapMegabytes) {
        try {
            Files.writeString(folder.resolve("cp.args"), "-cp\n\"" + classPath + "\"\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List<String> words = new ArrayList<>();
        words.add(ProcessHandle.current().info().command().orElse("java"));
        words.addAll(List.of(
                "-Xms64m",
                "-Xmx" + heapMegabytes + "m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Xshare:auto"));
        words.add("@cp.args");
        return words;
    }
}
