package io.pythia;

import io.pythia.internal.Hashes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A file for each key: written beside the old one, forced to the disk, then put in its place, so that a crash leaves one or the other. */
final class FileStateStore implements StateStore {
    private static final int MAX_READABLE = 60;
    private static final Set<StandardOpenOption> REPLACING =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);

    private final Path folder;

    FileStateStore(Path folder) {
        this.folder = folder;
    }

    @Override
    public @Nullable String load(String key) throws IOException {
        try {
            return Files.readString(file(key));
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    @Override
    public void save(String key, String state) throws IOException {
        Files.createDirectories(folder);
        Path file = file(key);
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(fresh, REPLACING, ownersOnly())) {
            ByteBuffer bytes = ByteBuffer.wrap(state.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** A next page's URL, or its token, may be as good as a password. */
    private FileAttribute<?>[] ownersOnly() {
        boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** A key may have any characters, and be too long for a name: its hash makes the name unique. */
    private Path file(String key) {
        String readable = key.replaceAll("[^A-Za-z0-9._-]+", "-");
        return folder.resolve((readable.length() > MAX_READABLE ? readable.substring(0, MAX_READABLE) : readable) + "-"
                + Hashes.of(key) + ".json");
    }
}
