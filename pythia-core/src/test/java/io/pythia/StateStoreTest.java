package io.pythia;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

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
}
