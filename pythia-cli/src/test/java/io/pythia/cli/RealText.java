package io.pythia.cli;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Real text that every machine with a JDK has: the strings in the class files of java.base, names and messages in any script. */
final class RealText {
    private static final int UTF8 = 1;

    private RealText() {}

    /** Returns so many lines, not all different. */
    static List<String> lines(int count) throws IOException {
        List<String> lines = new ArrayList<>();
        Path classes = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("modules/java.base");
        try (Stream<Path> files = Files.walk(classes)) {
            files.filter(file -> file.toString().endsWith(".class"))
                    .sorted()
                    .takeWhile(file -> lines.size() < count)
                    .forEach(file -> {
                        try {
                            addStrings(Files.readAllBytes(file), lines);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
        if (lines.size() < count) {
            throw new IllegalStateException("java.base has only " + lines.size() + " strings");
        }
        return lines.subList(0, count);
    }

    /** Reads the constant pool of a class file (JVM specification, 4.4). */
    private static void addStrings(byte[] classFile, List<String> lines) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile));
        in.skipNBytes(8);
        int constants = in.readUnsignedShort();
        for (int i = 1; i < constants; i++) {
            int tag = in.readUnsignedByte();
            switch (tag) {
                case UTF8 -> {
                    String text = in.readUTF();
                    if (text.indexOf('\n') < 0 && isValid(text)) {
                        lines.add(text);
                    }
                }
                case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                case 5, 6 -> {
                    in.skipNBytes(8);
                    i++; // takes two places
                }
                case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
                case 15 -> in.skipNBytes(3);
                default -> throw new IOException("constant of tag " + tag);
            }
        }
    }

    private static boolean isValid(String text) {
        return java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
