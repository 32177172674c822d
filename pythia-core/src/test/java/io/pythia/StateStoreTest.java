package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateStoreTest {

    @Test
    void memory_keepsEachKeyOfItsOwn() throws IOException {
        StateStore store = StateStore.memory();
        store.save("a", "1");
        store.save("a", "2");
        assertThat(store.load("a")).isEqualTo("2");
        assertThat(store.load("b")).isNull();
        assertThat(StateStore.memory().load("a")).isNull();
    }

    @Test
    void file_keepsItOverProcesses(@TempDir Path folder) throws IOException {
        Path missing = folder.resolve("new/folder");
        StateStore.file(missing).save("jdbc:x/y?z#1", "place");
        StateStore.file(missing).save("jdbc:x/y?z#2", "other");
        assertThat(StateStore.file(missing).load("jdbc:x/y?z#1")).isEqualTo("place");
        assertThat(StateStore.file(missing).load("jdbc:x/y?z#2")).isEqualTo("other");
        assertThat(StateStore.file(missing).load("jdbc:x/y?z")).isNull();
        try (Stream<Path> files = Files.list(missing)) {
            assertThat(files.map(file -> file.getFileName().toString()).toList())
                    .hasSize(2)
                    .allMatch(name -> List.of(name.split("\\.")).contains("json"));
        }
    }
}
