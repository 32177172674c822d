package io.pythia.rabbitmq;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AckWindowTest {
    private final AckWindow window = new AckWindow();

    @Test
    void advance_stopsAtTheFirstGap_andGoesOnWhenItIsClosed() {
        window.settle(1);
        window.settle(2);
        window.settle(4);
        assertThat(window.advance()).isEqualTo(2);
        assertThat(window.advance()).isEqualTo(2);
        window.settle(3);
        assertThat(window.advance()).isEqualTo(4);
    }

    @Test
    void settle_twice_saysSo() {
        assertThat(window.settle(1)).isTrue();
        assertThat(window.settle(1)).isFalse();
        assertThat(window.settle(3)).isTrue();
        window.advance();
        assertThat(window.settle(1)).isFalse();
        assertThat(window.settle(3)).isFalse();
        assertThat(window.settle(2)).isTrue();
        assertThat(window.advance()).isEqualTo(3);
    }

    /** Against a model: a set of what is settled. Tags come within a window, in any order. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomOrder_isAsInTheModel(long seed) {
        Random random = new Random(seed);
        TreeSet<Long> settled = new TreeSet<>();
        long upTo = 0;
        List<Long> open = new ArrayList<>();
        long next = 1;
        for (int step = 0; step < 20_000; step++) {
            if (open.size() < 3_000 && random.nextInt(100) < 55) {
                open.add(next++);
            } else if (!open.isEmpty()) {
                Collections.swap(open, random.nextInt(open.size()), open.size() - 1);
                long tag = open.remove(open.size() - 1);
                settled.add(tag);
                assertThat(window.settle(tag)).isTrue();
            }
            while (settled.contains(upTo + 1)) {
                upTo++;
            }
            if (random.nextInt(10) == 0) {
                assertThat(window.advance()).isEqualTo(upTo);
            }
        }
    }
}
