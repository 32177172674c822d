package io.pythia.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.spi.Settlement;
import io.pythia.testkit.FakeAck;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HeldElementsTest {
    private static final ListElement.Batch TOGETHER = new ListElement.Batch(0, "q", "session", Instant.EPOCH);

    private final HeldElements held = new HeldElements();

    @Test
    void ordered_areOldest_untilOneIsOutOfOrder_andAgainWhenTheListIsEmpty() {
        held.taken(5);
        assertThat(held.areOldest(numbers(0, 1))).isTrue();
        assertThat(held.areOldest(numbers(3))).isFalse();
        assertThat(held.areOldest(numbers(2))).isFalse();
        held.taken(1);
        assertThat(held.areOldest(numbers(4, 5))).isFalse();
        held.taken(2);
        assertThat(held.areOldest(numbers(6, 7))).isTrue();
        held.confused();
        held.taken(1);
        assertThat(held.areOldest(numbers(8))).isFalse();
    }

    static IntStream seeds() {
        return IntStream.range(0, 300);
    }

    /** A model of the list in Redis, with few different values: whatever is settled in whatever order, what is left is what was not settled. */
    @ParameterizedTest
    @MethodSource("seeds")
    void model_listHoldsWhatIsNotSettled(int seed) {
        Random random = new Random(seed);
        List<String> list = new ArrayList<>(); // the oldest first
        List<Long> open = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int step = 0; step < 200; step++) {
            int count = random.nextInt(4);
            held.taken(count);
            for (int i = 0; i < count; i++) {
                open.add((long) values.size());
                String value = "v" + random.nextInt(3);
                values.add(value);
                list.add(value);
            }
            List<Long> batch = new ArrayList<>();
            boolean orderly = random.nextInt(3) > 0;
            for (int n = random.nextInt(5); n > 0 && !open.isEmpty(); n--) {
                batch.add(open.remove(orderly ? 0 : random.nextInt(open.size())));
            }
            if (batch.isEmpty()) {
                continue;
            }
            if (held.areOldest(numbers(batch.stream().mapToLong(Long::longValue).toArray()))) {
                list.subList(0, batch.size()).clear();
            } else {
                batch.forEach(number ->
                        assertThat(list.remove(values.get(number.intValue()))).isTrue());
            }
            assertThat(list)
                    .containsExactlyInAnyOrderElementsOf(open.stream()
                            .map(number -> values.get(number.intValue()))
                            .toList());
        }
    }

    private static List<Settlement<ListElement>> numbers(long... numbers) {
        List<Settlement<ListElement>> batch = new ArrayList<>();
        for (long number : numbers) {
            batch.add(new FakeAck<>(new ListElement(TOGETHER, new byte[0], number)));
        }
        return batch;
    }
}
