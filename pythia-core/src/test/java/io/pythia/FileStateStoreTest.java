package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStateStoreTest {
    @TempDir
    private Path folder;

    @Test
    void fileStore_keepsKeysApart_andReplacesAsAWhole() throws IOException {
        StateStore store = StateStore.file(folder.resolve("new/folder"));
        List<String> keys = List.of("a/b", "a-b", "a b", "ü", "x".repeat(5_000), "../../etc", "https://a?b=c#d");
        for (String key : keys) {
            assertThat(store.load(key)).isNull();
            store.save(key, "old");
            store.save(key, key + " ü");
        }
        StateStore again = StateStore.file(folder.resolve("new/folder"));
        for (String key : keys) {
            assertThat(again.load(key)).isEqualTo(key + " ü");
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> kept = files.filter(Files::isRegularFile).toList();
            assertThat(kept).hasSize(keys.size());
            for (Path file : kept) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .isEqualTo("rw-------");
            }
        }
    }
}
