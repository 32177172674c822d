package io.pythia.internal.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.pythia.internal.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A timer that waits for something far away, and hears of something else. */
@Timeout(120)
class TimerTest {
    private static final String OWNER = "timer-test";
    private static final long DAY = Duration.ofDays(1).toNanos();

    private final List<Throwable> failures = new ArrayList<>();
    private final Timer timer = new Timer(OWNER, failures::add);
    private Thread thread;

    @BeforeEach
    void startAndWaitUntilItWaits() {
        timer.after(DAY, () -> {});
        timer.start();
        thread = Thread.getAllStackTraces().keySet().stream()
                .filter(each -> each.getName().equals(Threads.name(OWNER, "worker-timer")))
                .findAny()
                .orElseThrow();
        awaitWaiting();
    }

    @AfterEach
    void close() throws InterruptedException {
        timer.close();
        thread.join();
    }

    private void awaitWaiting() {
        Awaitility.await().atMost(60, TimeUnit.SECONDS).until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    }

    @Test
    void after_isDone_alsoIfTheTimerWaitsForSomethingLater() throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        timer.after(0, done::countDown);
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void hurry_doesWhatWaits_inItsOrder_andWhatComesLaterAtOnce() throws InterruptedException {
        List<Integer> done = new ArrayList<>();
        CountDownLatch both = new CountDownLatch(2);
        for (int i = 0; i < 2; i++) {
            int number = i;
            timer.after(DAY, () -> {
                done.add(number);
                both.countDown();
            });
        }
        awaitWaiting();
        timer.hurry();
        assertThat(both.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(done).containsExactly(0, 1);
        CountDownLatch later = new CountDownLatch(1);
        timer.after(DAY, later::countDown);
        assertThat(later.await(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void actionThatFails_isTold_andEndsNothing() throws InterruptedException {
        AssertionError bug = new AssertionError("a bug");
        CountDownLatch done = new CountDownLatch(1);
        timer.after(0, () -> {
            throw bug;
        });
        timer.after(0, done::countDown);
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(failures).containsExactly(bug);
    }
}
