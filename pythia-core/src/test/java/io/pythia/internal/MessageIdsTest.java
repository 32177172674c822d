package io.pythia.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MessageIdsTest {

    @Test
    void ids_ofManyThreads_areAllDifferent() {
        Set<String> ids = ConcurrentHashMap.newKeySet();
        IntStream.range(0, 200_000).parallel().forEach(i -> ids.add(MessageIds.next()));
        assertThat(ids).hasSize(200_000).allMatch(id -> id.matches("[0-9a-z]+-[0-9a-z]+"));
    }
}
