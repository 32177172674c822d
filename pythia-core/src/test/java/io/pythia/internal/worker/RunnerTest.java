package io.pythia.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RunnerTest {
    private static final int ROUNDS = 20_000;
    private static final long LIMIT = Duration.ofNanos(100_000).toNanos();

    /** A handler that takes about as long as it may is followed at once by one that takes no time, while another thread looks at them. */
    @Test
    void interruptAfter_meansTheHandlerThatTakesTooLong_andNotTheNext() throws InterruptedException {
        Dispatcher dispatcher = new Dispatcher(Runnable::run, 1, failure -> {});
        AtomicBoolean over = new AtomicBoolean();
        int[] interrupted = new int[2];
        dispatcher.submit(runner -> {
            Thread watch = new Thread(() -> {
                while (!over.get()) {
                    // as the engine does: it looks, and then interrupts
                    if (runner.lasts(System.nanoTime()) > LIMIT) {
                        runner.interruptAfter(LIMIT);
                    }
                }
            });
            watch.start();
            for (int i = 0; (i < ROUNDS || interrupted[0] == 0) && interrupted[1] == 0; i++) {
                long longAgo = System.nanoTime() - LIMIT;
                runner.begin();
                while (System.nanoTime() - longAgo < 2 * LIMIT + (i % 50) * 1000L) {
                    Thread.onSpinWait();
                }
                interrupted[0] += runner.end() ? 1 : 0;
                long before = System.nanoTime();
                runner.begin();
                boolean hit = runner.end();
                interrupted[1] += hit && System.nanoTime() - before < LIMIT ? 1 : 0;
            }
            over.set(true);
            return false;
        });
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interrupted[0]).isPositive();
        assertThat(interrupted[1]).isZero();
    }
}
