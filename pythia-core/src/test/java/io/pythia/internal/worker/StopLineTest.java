package io.pythia.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StopLineTest {
    private final StopLine line = new StopLine();

    @Test
    void letsAllPass_untilItIsDrawn() {
        assertThat(line.passes(2)).isTrue();
        assertThat(line.passes(1)).isTrue();
        line.draw();
        assertThat(line.passes(3)).isFalse();
    }

    @Test
    void letsPass_whatCameBeforeOneThatWasHandled() {
        assertThat(line.passes(3)).isTrue();
        line.draw();
        line.draw();
        assertThat(line.passes(1)).isTrue();
        assertThat(line.passes(3)).isTrue();
        assertThat(line.passes(4)).isFalse();
    }

    @Test
    void letsNothingPass_ifItIsDrawnFirst() {
        line.draw();
        assertThat(line.passes(1)).isFalse();
    }

    /** Threads that take numbers in order and are held up now and then before they ask, with a stop among them. */
    @Test
    void whatHasPassed_hasNoGap() {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 2_000; round++) {
                StopLine drawn = new StopLine();
                Queue<Long> waiting = new ConcurrentLinkedQueue<>(
                        LongStream.rangeClosed(1, 200).boxed().toList());
                BitSet passed = new BitSet();
                CompletableFuture.allOf(Stream.generate(
                                        () -> CompletableFuture.runAsync(() -> take(waiting, drawn, passed), pool))
                                .limit(threads)
                                .toArray(CompletableFuture[]::new))
                        .join();
                assertThat(passed.nextClearBit(1)).isEqualTo(Math.max(1, passed.length()));
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static void take(Queue<Long> waiting, StopLine drawn, BitSet passed) {
        for (Long number = waiting.poll(); number != null; number = waiting.poll()) {
            if (ThreadLocalRandom.current().nextInt(8) == 0) {
                Thread.yield();
            }
            if (number == 100) {
                drawn.draw();
            }
            if (drawn.passes(number)) {
                synchronized (passed) {
                    passed.set(number.intValue());
                }
            }
        }
    }
}
