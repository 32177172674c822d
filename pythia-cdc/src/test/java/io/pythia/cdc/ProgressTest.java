package io.pythia.cdc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressTest {

    /** A model: whatever is acknowledged in whatever order, the place is behind the longest prefix without a gap. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void place_isBehindTheLongestPrefix(long seed) {
        Random random = new Random(seed);
        int[] place = {-1};
        Progress<int[]> progress = new Progress<>(place);
        List<Progress.Step<int[]>> steps = new ArrayList<>();
        List<Boolean> acked = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            if (random.nextInt(3) > 0) {
                int number = steps.size();
                steps.add(progress.message(p -> p[0] = number));
                acked.add(false);
            } else if (!steps.isEmpty()) {
                int one = random.nextInt(steps.size());
                progress.acknowledge(steps.get(one));
                progress.acknowledge(steps.get(one)); // a second time changes nothing
                acked.set(one, true);
            }
            int prefix = acked.indexOf(false);
            assertThat((int) progress.look(p -> p[0])).isEqualTo((prefix < 0 ? steps.size() : prefix) - 1);
        }
    }

    @Test
    void event_waitsForWhatIsBeforeIt() {
        List<String> effects = new ArrayList<>();
        Progress<List<String>> progress = new Progress<>(effects);
        Progress.Step<List<String>> first = progress.message();
        progress.event(list -> list.add("commit"));
        assertThat(progress.eventIfIdle(list -> list.add("idle"))).isFalse();
        assertThat(effects).isEmpty();
        long before = progress.version();
        progress.acknowledge(first);
        assertThat(effects).containsExactly("commit");
        assertThat(progress.version()).isGreaterThan(before);
        assertThat(progress.eventIfIdle(list -> list.add("idle"))).isTrue();
        assertThat(effects).containsExactly("commit", "idle");
    }
}
